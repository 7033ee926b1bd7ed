/** docs/completion.md: what each shell is told of one small command line. test/e2e/completion.test.ts has the shells ask. */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { completionScript } from '../../../src/completion/script.ts';
import type { CommandShape, OperandShape, OptionShape, Place } from '../../../src/completion/shape.ts';
import { present } from '../values.ts';

const option = (spellings: string, help: string, place?: Place, isOptional = false): OptionShape => ({
  ...{ spellings: spellings.split(' '), help },
  value: place === undefined ? undefined : { name: 'VALUE', place, isOptional },
});

const operand = (name: string, place: Place, repeats = false): OperandShape => ({ name, place, repeats });

const command = (name: string, parts: Partial<CommandShape> = {}): CommandShape => ({
  ...{ name, help: `does ${name}`, options: [], operands: [], commands: [] },
  ...parts,
});

const PROGRAM = command('spa-door', {
  options: [
    option('-v --verbose', "say what is done: it's much"),
    option('-m --mode', 'how', { kind: 'words', words: ['fast', 'slow'] }),
    option('-w --wait', 'for how long', { kind: 'text' }, true),
    option('-c --config', 'the file', { kind: 'file' }),
  ],
  operands: [operand('HOST', { kind: 'topic', topic: 'hosts' })],
  commands: [
    command('keys', {
      commands: [command('list'), command('remove', { operands: [operand('NAME', { kind: 'text' })] })],
    }),
    command('run', { operands: [operand('PROGRAM', { kind: 'command' }), operand('FILE', { kind: 'file' }, true)] }),
    command('in', { operands: [operand('FOLDER', { kind: 'folder' })] }),
    command('set', { operands: [operand('STATE', { kind: 'words', words: ['on', 'off'] }, true)] }),
  ],
});

const scriptOf = (shell: string): string => present(completionScript(shell, PROGRAM, 'asked-program'));

/** The lines of a text that have `part`, without the blanks around them. */
const linesWith = (text: string, part: string): string[] =>
  text
    .split('\n')
    .filter((line) => line.includes(part))
    .map((line) => line.trim());

test('a shell that is not known has no script', () => {
  expect(completionScript('tcsh', PROGRAM)).toBeUndefined();
});

test('the program asks itself, unless another is to be asked', () => {
  expect(completionScript('bash', PROGRAM)).toContain('< <(spa-door completion "$1"');
  expect(scriptOf('bash')).toContain('< <(asked-program completion "$1"');
});

describe('bash', () => {
  /** What bash itself offers for the last of the words; a program `asked-program` knows two hosts. */
  const offered = (...words: readonly string[]): string[] => {
    const ask = [
      String.raw`asked-program() { printf '%s\t%s\n' gw1 'of work' home 'of ours'; }`,
      'COMP_WORDS=("$@")',
      'COMP_CWORD=$(($# - 1))',
      '_spa_door 2>/dev/null',
      'printf "%s\\n" "${COMPREPLY[@]}"',
    ];
    const { stdout, stderr, status } = spawnSync(
      'bash',
      ['--norc', '-c', `${scriptOf('bash')}\n${ask.join('\n')}`, 'bash', 'spa-door', ...words],
      { encoding: 'utf8', cwd: import.meta.dirname },
    );
    expect([status, stderr]).toEqual([0, '']);
    return stdout.split('\n').filter((line) => line !== '');
  };

  test.each<readonly [readonly string[], readonly string[]]>([
    [[''], ['keys', 'run', 'in', 'set', 'gw1', 'home']],
    [['h'], ['home']],
    [['-'], ['--verbose', '-v', '--mode', '-m', '--wait', '-w', '--config', '-c']],
    [['--mode', 's'], ['slow']],
    [['--mode', '=', 's'], ['slow']],
    [['-m', 'slow', 'k'], ['keys']],
    // The value of an optional one is in the same word, so what follows is an operand.
    [['--wait', 'k'], ['keys']],
    [['--config', 'script.te'], ['script.test.ts']],
    [
      ['keys', ''],
      ['list', 'remove'],
    ],
    [['keys', 'remove', ''], []],
    [
      ['set', 'o'],
      ['on', 'off'],
    ],
    [['set', 'on', 'of'], ['off']],
    [['run', 'bash', 'script.te'], ['script.test.ts']],
    [['in', 'script.te'], []],
    [['--', '-'], []],
  ])('%j', (words, wanted) => {
    expect(offered(...words)).toEqual(wanted);
  });
});

describe('zsh', () => {
  const script = scriptOf('zsh');

  test('has a function for each command, and hands over to it', () => {
    for (const name of ['_spa_door', '_spa_door_keys', '_spa_door_keys_list', '_spa_door_run'])
      expect(linesWith(script, `${name}() {`)).toEqual([`${name}() {`]);
    expect(script).toContain('    keys) _spa_door_keys ;;');
    expect(script).toContain('    -m | --mode | -c | --config) at+=2 ;;');
    expect(script).toMatch(/^#compdef spa-door\n/);
  });

  test.each([
    ["'*--verbose[say what is done\\: it'\\''s much]'", 'a switch'],
    ["'*-m+[how]:VALUE:(fast slow)'", 'a short one with a value'],
    ["'*--mode=[how]:VALUE:(fast slow)'", 'a long one'],
    ["'*-w-[for how long]::VALUE: '", 'a short one whose value may be left out'],
    ["'*--wait=-[for how long]::VALUE: '", 'a long one'],
    ["'*--config=[the file]:VALUE:_files'", 'a file'],
    ["'1:PROGRAM:_command_names -e'", 'a command'],
    ["'*:FILE:_files'", 'operands without an end'],
    ["'1:FOLDER:_files -/'", 'a folder'],
    ["'1: : _spa_door__first'", 'a command or an operand'],
  ])('%s: %s', (spec) => {
    expect(script.split('\n').map((line) => line.replace(/ \\$/, '').trim())).toContain(spec);
  });

  test('offers commands with what they do, and what the program knows beside them', () => {
    expect(script).toContain(`    'keys:does keys'`);
    expect(script).toContain(
      `_alternative 'commands:command:_spa_door__commands' 'operands:HOST: _spa_door_topic hosts'`,
    );
    expect(script).toContain(`_alternative 'commands:command:_spa_door_keys__commands'\n`);
  });

  test('operands after the first, beside commands', () => {
    const both = command('p', {
      operands: [operand('A', { kind: 'text' }, true), operand('B', { kind: 'file' })],
      commands: [command('c')],
    });
    const text = present(completionScript('zsh', both));
    expect(text).toContain(`'*:A: '`);
    expect(text).toContain(`'2:B:_files'`);
    expect(text).not.toContain('operands:A');
  });
});

describe('fish', () => {
  const script = scriptOf('fish');

  test.each([
    `complete -c spa-door -n '_spa_door_at \\'\\'' -s v -l verbose -d 'say what is done: it\\'s much'`,
    `complete -c spa-door -n '_spa_door_at \\'\\'' -s m -l mode -r -f -a 'fast slow' -d 'how'`,
    // Not -r: its value may be left out.
    `complete -c spa-door -n '_spa_door_at \\'\\'' -s w -l wait -f -d 'for how long'`,
    `complete -c spa-door -n '_spa_door_at \\'\\'' -s c -l config -r -F -d 'the file'`,
    `complete -c spa-door -n '_spa_door_at \\'\\' 0' -f -a 'keys' -d 'does keys'`,
    `complete -c spa-door -n '_spa_door_at \\'\\' 0' -f -a '(_spa_door_topic hosts)'`,
    `complete -c spa-door -n '_spa_door_at \\'keys\\' 0' -f -a 'list' -d 'does list'`,
    `complete -c spa-door -n '_spa_door_at \\'run\\' 0' -F -a '(__fish_complete_command)'`,
    `complete -c spa-door -n '_spa_door_at \\'run\\' 1 more' -F`,
    `complete -c spa-door -n '_spa_door_at \\'in\\' 0' -f -a '(__fish_complete_directories)'`,
    `complete -c spa-door -n '_spa_door_at \\'set\\' 0 more' -f -a 'on off'`,
  ])('%s', (line) => {
    expect(script.split('\n')).toContain(line);
  });

  test('reads the words before the cursor by two tables', () => {
    expect(script).toContain(`case ' -m' ' --mode' ' -c' ' --config'\n          set skip yes`);
    expect(script).toContain(`case ' keys' ' run' ' in' ' set' 'keys list' 'keys remove'\n`);
  });

  test('a program without commands needs to know no place for its options', () => {
    const text = present(completionScript('fish', command('knock', { options: [option('-u --udp', 'as UDP')] })));
    expect(text).toContain(`complete -c knock -s u -l udp -d 'as UDP'`);
    expect(text).not.toContain('set at (');
  });
});
