/** The client as a library, as somebody else's program gets it: packed, installed, typed, and knocking at a real spad. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Home } from '../support/home.ts';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { repositoryRoot } from '../support/paths.ts';
import { startTcpService, tcpState } from '../support/probe.ts';
import { Spad } from '../support/spad.ts';

const [alice, strict] = [new Keyholder(), new Keyholder()];

let lab: Lab;
let client: Host;
let server: Host;
let spad: Spad;
let home: Home;
/** Where the other program is. */
let folder: string;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  [client, server] = [lab.host('client'), lab.host('server')];
  await startTcpService(server, [22]);
  spad = new Spad(lab, server);
  spad.configure({
    access: {
      alice: { key: alice.base64, allow: 'tcp/22' },
      strict: { key: strict.base64, allow: 'tcp/22', require_address: 'yes', source: client.address4 },
    },
  });
  await spad.start();
  home = new Home(lab, client);
  home.addProfile('gw1', server.address4, alice, { access: 'tcp/22' });
  home.addProfile('strict', server.address4, strict, { access: 'tcp/22', resolve: 'reply' });
  folder = join(lab.dir, 'program');
  installInto(folder);
}, 240_000);
afterAll(() => lab.close());

const installInto = (where: string): void => {
  mkdirSync(where);
  writeFileSync(join(where, 'package.json'), '{ "name": "program", "type": "module", "private": true }\n');
  const run = (command: string, args: readonly string[], cwd: string): string =>
    execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 200_000 });
  const packed = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', lab.dir], repositoryRoot()),
  ) as readonly { readonly filename: string }[];
  const flags = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts', '--loglevel=error'];
  run('npm', ['install', ...flags, join(lab.dir, packed[0]?.filename ?? '')], where);
};

/** The program's own type checker and its run, on the client. */
const compile = (name: string, text: string): string => {
  writeFileSync(join(folder, `${name}.ts`), text);
  const tsc = join(repositoryRoot(), 'node_modules/typescript/bin/tsc');
  const types = ['--typeRoots', join(repositoryRoot(), 'node_modules/@types'), '--types', 'node'];
  const how = ['--strict', '--exactOptionalPropertyTypes', '--module', 'nodenext', '--target', 'es2023', ...types];
  try {
    execFileSync(process.execPath, [tsc, ...how, `${name}.ts`], { cwd: folder, encoding: 'utf8' });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
  return '';
};

const run = (name: string) => home.exec(process.execPath, [join(folder, `${name}.js`)]);

test('the example of docs/connecting.md has its types, opens, and says so', { timeout: 120_000 }, async () => {
  const page = readFileSync(join(repositoryRoot(), 'docs/connecting.md'), 'utf8');
  const [, example = ''] = /<!-- example: library -->\n\n((?: {4}.*\n|\n)+)/.exec(page) ?? [];
  expect(example).toContain("from 'spad/client'");
  expect(compile('example', example.replaceAll(/^ {4}/gm, ''))).toBe('');
  expect(await tcpState(client, server.address4, 22)).toBe('filtered');
  const from = spad.audit.mark();
  const ran = await run('example');
  expect(ran).toMatchObject({ code: 0, stderr: '' });
  const { until } = await spad.audit.waitFor({ event: 'granted', stanza: 'alice', ports: ['tcp/22'] }, from);
  const [, shown = ''] = /^open until (\S+) for (\S+)$/m.exec(ran.stdout) ?? [];
  expect(Math.abs(Date.parse(shown) - Date.parse(until ?? ''))).toBeLessThan(2000);
  expect(ran.stdout).toContain(` for ${client.address4}\n`);
  expect(await tcpState(client, server.address4, 22)).toBe('open');
});

test('results and errors are values with types; nothing is printed', { timeout: 120_000 }, async () => {
  const text = `
    import { knock, KnockError, type KnockOptions, type KnockTrouble } from 'spad/client';
    const fate = async (options: KnockOptions): Promise<string> => {
      try {
        const { status, seenAs, ports, packets } = await knock(options);
        return [status, seenAs, ports.join(), packets].join(' ');
      } catch (error) {
        if (!(error instanceof KnockError)) throw error;
        const code: KnockTrouble = error.code;
        return [code, error.reason, error.message.length > 20].join(' ');
      }
    };
    const late = new AbortController();
    setTimeout(() => late.abort(), 200);
    const key = Buffer.alloc(32, 7).fill(1, 3).toString('base64');
    const other = { host: '${server.address4}', server: 'gw1', key, access: ['tcp/22'] };
    const all: KnockOptions[] = [
      { host: 'gw1', openFor: 20, allow: 'source' },
      { host: 'gw1', close: true },
      { profile: 'gw1', access: ['tcp/23', 'tcp/24'] },
      { host: 'strict' },
      { host: 'gw1', reply: false },
      { host: 'nowhere' },
      { host: 'gw1', access: 'tcp/0' },
      { ...other, timeout: 1 },
      { ...other, signal: late.signal },
      { ...other, host: 'nowhere.invalid' },
    ];
    for (const options of all) console.log(await fate(options));
  `;
  expect(compile('fates', text)).toBe('');
  const ran = await run('fates');
  expect(ran).toMatchObject({ code: 0, stderr: '' });
  expect(ran.stdout.trimEnd().split('\n')).toEqual([
    `opened ${client.address4} tcp/22 1`,
    `closed ${client.address4} tcp/22 1`,
    'refused port-not-allowed true',
    `opened ${client.address4} tcp/22 2`,
    'sent  tcp/22 1',
    'usage  true',
    'usage  true',
    'silent  true',
    'aborted  true',
    'unreachable  true',
  ]);
});

test('what is no option is found by the type checker', { timeout: 120_000 }, () => {
  expect(compile('wrong', "import { knock } from 'spad/client';\nawait knock({ hots: 'gw1' });\n")).toContain('hots');
});
