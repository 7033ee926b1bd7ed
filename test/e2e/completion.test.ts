/** Completions in the real shells: what bash, zsh and fish offer is what --help tells, and what the programs know. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { builtFile, repositoryRoot } from '../support/paths.ts';
import { Spad } from '../support/spad.ts';

const PROGRAMS = ['spad', 'spa-client', 'spa-keys'] as const;
const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

let lab: Lab;
let server: Host;
let spad: Spad;
let env: Record<string, string>;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['server'] });
  server = lab.host('server');
  const [bin, home] = [join(lab.dir, 'bin'), join(lab.dir, 'home')];
  for (const folder of [bin, join(home, '.config/spa')]) mkdirSync(folder, { recursive: true });
  for (const name of PROGRAMS) {
    const text = `#!/bin/sh\nexec '${process.execPath}' '${builtFile(`bin/${name}.cjs`)}' "$@"\n`;
    writeFileSync(join(bin, name), text);
    chmodSync(join(bin, name), 0o755);
  }
  const key = Buffer.alloc(32, 7).toString('base64').replace('B', 'C');
  const profile = (name: string): string => `[${name}]\nhost = ${name}.example.net\nserver = gw\nkey = ${key}\n\n`;
  writeFileSync(join(home, '.config/spa/profiles.ini'), profile('gate-one') + profile('gate-two'), { mode: 0o600 });
  writeFileSync(join(home, '.fwknoprc'), '[default]\n\n[elder]\nSPA_SERVER 192.0.2.1\n', { mode: 0o600 });
  writeFileSync(join(home, 'some-file.txt'), '');
  mkdirSync(join(home, 'some-folder'));
  env = { HOME: home, XDG_CONFIG_HOME: join(home, '.config'), PATH: `${bin}:${process.env['PATH'] ?? ''}` };
});
afterAll(() => lab.close());

/** What `shell` offers after each of the lines, given as words of which the last is before the cursor. */
const offersOf = async (
  shell: Shell,
  program: string,
  lines: readonly (readonly string[])[],
): Promise<readonly (readonly string[])[]> => {
  const script = join(lab.dir, `${program}.${shell}`);
  writeFileSync(script, await server.run(program, ['completion', shell], { env }));
  const driver = join(repositoryRoot(), `test/support/shells/${shell}.${shell}`);
  const args = {
    bash: [driver, script, program],
    zsh: ['-f', driver, script, `${script}.offered`],
    fish: [driver, script],
  };
  const input = lines.map((words) => `${[program, ...words].join('\t')}\n`).join('');
  const said = await server.run(shell, args[shell], { env, input, timeoutMs: 120_000 });
  return said
    .split('== done\n')
    .slice(0, -1)
    .map((block) => [...new Set(block.split('\n').filter((line) => line !== ''))].sort());
};

const helpOf = (program: string, words: readonly string[]): Promise<string> =>
  server.exec(program, [...words, '--help'], { env }).then(({ stdout }) => stdout);

/** The long options that a --help names at the beginning of lines. */
const optionsIn = (help: string): string[] =>
  [...new Set([...help.matchAll(/^ +(?:-\w, +)?(--[a-z0-9][\w-]*)/gm)].map((match) => match[1] ?? ''))].sort();

const commandsIn = (help: string): string[] => {
  const [, list = ''] = /^Commands:\n((?: +.*\n)*)/m.exec(help) ?? [];
  return [...list.matchAll(/^ {2}([a-z][\w-]*)/gm)].map((match) => match[1] ?? '').sort();
};

/** These hand their words to another program's rules, or tell of options that are explained elsewhere. */
const WITHOUT_HELP = ['help', 'knockd', 'knock', 'fwknop', 'proxy', 'ready', 'exec'];

describe.each(PROGRAMS)('%s', (program) => {
  test('every shell offers the commands and options of --help, those and no others', async () => {
    const help = await helpOf(program, []);
    const commands = commandsIn(help);
    expect(commands).toContain('completion');
    const told = commands.filter((name) => !WITHOUT_HELP.includes(name));
    const helps = await Promise.all(told.map((name) => helpOf(program, [name])));
    const options = [help, ...helps].map(optionsIn);
    expect(options.every((list) => list.includes('--help'))).toBe(true);
    const lines = [[], ...told.map((name) => [name])].map((words) => [...words, '--']);
    for (const shell of SHELLS) {
      const offers = await offersOf(shell, program, [['c'], ...lines]);
      expect(offers[0], `${shell}: commands`).toEqual(commands.filter((name) => name.startsWith('c')));
      expect(offers.slice(1), `${shell}: options`).toEqual(options);
    }
  }, 240_000);
});

describe.each(SHELLS)('%s', (shell) => {
  test('completes profiles, choices, files and folders of spa-client', async () => {
    const home = env['HOME'] ?? '';
    const lines: readonly (readonly [words: readonly string[], offered: readonly string[]])[] = [
      [
        ['-n', ''],
        ['elder', 'gate-one', 'gate-two'],
      ],
      [['--profile', 'gate-t'], ['gate-two']],
      [['--wait', 'gate-o'], ['gate-one']],
      [['-A', 'tcp/22', '--source', 'gate-o'], ['gate-one']],
      [
        ['--format', ''],
        ['fwknop', 'native'],
      ],
      [['--format', 'n'], ['native']],
      [['fwknop', '-n', ''], ['elder']],
      [['knock', '--profile', 'gate-t'], ['gate-two']],
      [['join', '--fi'], ['--file']],
      [['completion', 'z'], ['zsh']],
      [['proxy', '--reu'], ['--reuse']],
      [['ready', 'gate-o'], ['gate-one']],
      [['exec', 'gate-o'], ['gate-one']],
      [['exec', 'gate-one', '--', 'spa-k'], ['spa-keys']],
      [['--access', ''], []],
    ];
    const offers = await offersOf(
      shell,
      'spa-client',
      lines.map(([words]) => words),
    );
    expect(offers).toEqual(lines.map(([, offered]) => offered));
    const [files = [], folders = []] = await offersOf(shell, 'spad', [
      ['--config', `${home}/some-`],
      ['--state-dir', `${home}/some-`],
    ]);
    const lastPart = (path: string): string =>
      path
        .split('/')
        .filter((part) => part !== '')
        .at(-1) ?? '';
    expect(files.map(lastPart)).toEqual(['some-file.txt', 'some-folder']);
    expect(folders.map(lastPart)).toEqual(['some-folder']);
    expect(await offersOf(shell, 'spa-keys', [['show', 'gate-t']])).toEqual([['gate-two']]);
  }, 240_000);
});

test('bash parts a word at = and :, and is understood', async () => {
  const lines = [
    ['--format', '=', 'n'],
    ['--wait', '=', '20s', 'gate-o'],
    ['--forward', '10.0.0.5', ':', '22', 'gate-o'],
    ['--wait', '=', '2'],
  ];
  expect(await offersOf('bash', 'spa-client', lines)).toEqual([['native'], ['gate-one'], ['gate-one'], []]);
});

test('spad revoke completes what the running daemon has open, in every shell', async () => {
  const holder = new Keyholder('gw1');
  spad = new Spad(lab, server);
  spad.configure({ access: { alice: { key: holder.base64, allow: 'tcp/22' } } });
  await spad.start();
  const asked = ['--state-dir', spad.stateDir];
  const opened = await spad.exec(
    'open',
    ...asked,
    '192.0.2.9',
    'tcp/22',
    '--for',
    '10m',
    '--stanza',
    'by-me',
    '--json',
  );
  const [, id = 'none'] = /"id":"([0-9a-f]+)"/.exec(opened.stdout) ?? [];
  for (const shell of SHELLS) {
    const offers = await offersOf(shell, 'spad', [
      ['revoke', ...asked, ''],
      ['revoke', ...asked, '--as', 's'],
      ['revoke', ...asked, id.slice(0, 3)],
    ]);
    expect(offers, shell).toEqual([[id, '192.0.2.9', 'by-me'].sort(), ['stanza'], [id]]);
  }
  await spad.stop();
  // Nothing, and at once, where none is running.
  for (const shell of SHELLS) expect(await offersOf(shell, 'spad', [['revoke', ...asked, '']])).toEqual([[]]);
}, 240_000);

test('bash-completion finds the script by the name of the program', async () => {
  const folder = join(lab.dir, 'bash-completion/completions');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'spa-keys'), await server.run('spa-keys', ['completion', 'bash'], { env }));
  const tried = 'source /usr/share/bash-completion/bash_completion; _completion_loader spa-keys; complete -p spa-keys';
  const own = { ...env, BASH_COMPLETION_USER_DIR: join(folder, '..') };
  expect(await server.run('bash', ['-c', tried], { env: own })).toBe('complete -F _spa_keys spa-keys\n');
});

test('proxy, ready and exec take what their --help names', async () => {
  for (const name of ['proxy', 'ready', 'exec']) {
    const [, list = ''] = /^(Options of spa-client[^]*?)\nEx/m.exec(await helpOf('spa-client', [name])) ?? [];
    const told = [...list.matchAll(/(?<=[ ,])--?[a-z0-9][\w-]*/g)].map(([option]) => option);
    const [offered = []] = await offersOf('bash', 'spa-client', [[name, '-']]);
    expect(told.filter((option) => option !== '--help' && !offered.includes(option))).toEqual([]);
    expect(told).toContain('--wait');
    expect(offered).not.toContain('--dry-run');
  }
});

test('knock and fwknop, which npm installs under their own names, have scripts too', async () => {
  for (const name of ['knock', 'fwknop']) {
    const help = await server.exec('spa-client', [name, '--help'], { env });
    const script = join(lab.dir, `${name}.bash`);
    writeFileSync(script, await server.run('spa-client', ['completion', 'bash', name], { env }));
    const driver = join(repositoryRoot(), 'test/support/shells/bash.bash');
    const said = await server.run('bash', [driver, script, name], { env, input: `${name}\t--\n` });
    const told = new Set([...help.stdout.matchAll(/--[a-z0-9][\w-]*/g)].map(([option]) => option));
    expect(new Set(said.split('\n').filter((line) => line.startsWith('--')))).toEqual(told);
  }
});
