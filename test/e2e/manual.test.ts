/** The manual pages tell of each command, option and exit code that --help tells of, and of no other. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { builtFile, repositoryRoot } from '../support/paths.ts';

const FOLDER = join(repositoryRoot(), 'packaging/man');

const helpOf = (program: string, ...words: readonly string[]): string =>
  spawnSync(process.execPath, [builtFile(`bin/${program}.cjs`), ...words, '--help'], { encoding: 'utf8' }).stdout;

/** As mdoc writes them: `Fl \-name`, and `\-\-name` in the text. */
const pageOf = (name: string): string =>
  readFileSync(join(FOLDER, name), 'utf8')
    .replaceAll('\\-', '-')
    .replaceAll(/(Fl|\||,) -(?=[a-z0-9])/g, '$1 --');

const sorted = (words: Iterable<string>): string[] => [...new Set(words)].sort();

/** The options of other programs, in examples. */
const FOREIGN = ['--dport'];

const optionsIn = (text: string): string[] =>
  sorted([...text.matchAll(/(?<![\w-])--[a-z0-9][a-z0-9-]*/g)].map(([option]) => option)).filter(
    (option) => !FOREIGN.includes(option),
  );

const commandsIn = (help: string): string[] => {
  const [, list = ''] = /^Commands:\n((?: +.*\n)*)/m.exec(help) ?? [];
  return [...list.matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, name = '']) => name);
};

const codesIn = (text: string): string[] => sorted([...text.matchAll(/^ {2}(\d) {2}/gm)].map(([, code = '']) => code));

describe.each([
  ['spad', 'spad.8'],
  ['spa-client', 'spa-client.1'],
  ['spa-keys', 'spa-keys.1'],
] as const)('%s', (program, file) => {
  const help = helpOf(program);
  const commands = commandsIn(help);
  const page = pageOf(file);

  test('the options of all commands, both ways', () => {
    expect(commands).toContain('completion');
    // `spad knockd` has the options of knockd(8), and no --help.
    const all = commands.filter((name) => name !== 'help' && name !== 'knockd');
    const told = optionsIn([help, ...all.map((name) => helpOf(program, name))].join('\n'));
    expect(told.length).toBeGreaterThan(10);
    expect(optionsIn(page)).toEqual(told);
  }, 120_000);

  test('the commands', () => {
    const words = new Set(
      [...page.matchAll(/^\.(?:It |Nm )?Cm (.*)$/gm)].flatMap(([, rest = '']) => rest.split(/[ ,]+/)),
    );
    const untold = commands.filter((name) => name !== 'help' && !words.has(name));
    expect(untold).toEqual([]);
  });

  test('the exit codes', () => {
    const [, status = ''] = /^\.Sh EXIT STATUS\n([^]*?)^\.Sh/m.exec(page) ?? [];
    expect(sorted([...status.matchAll(/^\.It (\d)$/gm)].map(([, code = '']) => code))).toEqual(codesIn(help));
  });
});

test('mandoc finds nothing to warn of', () => {
  const pages = readdirSync(FOLDER).map((name) => join(FOLDER, name));
  const { status, stdout, stderr } = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning', ...pages], {
    encoding: 'utf8',
  });
  expect({ status, said: `${stdout}${stderr}` }).toEqual({ status: 0, said: '' });
});
