/** From an invite to an open port: one line, through a pipe, a camera or a terminal, and nothing else that the client knows. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Host } from '../support/host.ts';
import type { ExecResult } from '../support/lab-process.ts';
import { Lab } from '../support/lab.ts';
import { builtFile } from '../support/paths.ts';
import { startTcpService, tcpState } from '../support/probe.ts';
import { screenshot } from '../support/screenshot.ts';
import { Spad } from '../support/spad.ts';

let lab: Lab;
let client: Host;
let attacker: Host;
let server: Host;
let spad: Spad;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'attacker', 'server'] });
  [client, attacker, server] = [lab.host('client'), lab.host('attacker'), lab.host('server')];
  await startTcpService(server, [22]);
  spad = new Spad(lab, server);
  spad.configure({});
  await spad.start();
});
afterAll(() => lab.close());

/** What `spa-keys` prints on the server. */
const spaKeys = (...words: readonly string[]): Promise<ExecResult> =>
  server.exec(process.execPath, [builtFile('bin/spa-keys.cjs'), ...words, '--stanza', spad.confFile]);

const invite = async (...words: readonly string[]): Promise<string> => {
  const made = await spaKeys('invite', ...words, '--text');
  expect(made.code, made.stderr).toBe(0);
  await spad.reload();
  return made.stdout;
};

const profilesOf = (name: string): string => join(lab.dir, `${name}.ini`);

const joined = (name: string, words: readonly string[], input = ''): Promise<ExecResult> =>
  client.exec(process.execPath, [builtFile('bin/spa-client.cjs'), 'join', '--profiles', profilesOf(name), ...words], {
    input,
    timeoutMs: 30_000,
  });

test('a line that is pasted opens the port, and says what to do next', async () => {
  const line = await invite('alice', '--host', server.address4);
  expect(await tcpState(client, server.address4, 22)).toBe('filtered');
  const { code, stdout, stderr } = await joined('alice', ['-'], line);
  expect(code, stderr).toBe(0);
  expect(stdout).toContain(`ready: spa-client gw1 --wait && ssh ${server.address4}`);
  await spad.audit.waitFor({ event: 'granted', stanza: 'alice', source: client.address4 });
  expect(await tcpState(client, server.address4, 22)).toBe('open');
  expect(await tcpState(attacker, server.address4, 22)).toBe('filtered');
});

test('of two ways to the server the one that works is kept', async () => {
  const line = await invite('bob', '--host', `nowhere.invalid,${server.address6}`);
  const { code, stdout, stderr } = await joined('bob', [line.trim()]);
  expect(code, stdout + stderr).toBe(0);
  expect(readFileSync(profilesOf('bob'), 'utf8')).toContain(`host = ${server.address6}\n`);
  await spad.audit.waitFor({ event: 'granted', stanza: 'bob', source: client.address6 });
});

test('a camera reads the code as the line, which join takes as it is', async () => {
  const made = await spaKeys('invite', 'carol', '--host', server.address4);
  await spad.reload();
  const line = made.stdout.trimEnd().split('\n').at(-1) ?? '';
  const picture = join(lab.dir, 'screen.pgm');
  writeFileSync(picture, screenshot(made.stdout.slice(0, -line.length - 1)));
  const read = await client.run('zbarimg', ['--raw', '-q', '-Sdisable', '-Sqrcode.enable', picture]);
  expect(read.trim()).toBe(line.toUpperCase());
  expect((await joined('carol', ['-'], read)).code).toBe(0);
});

test('a passphrase is typed on both terminals without being seen', async () => {
  const onTerminal = (host: Host, words: readonly string[], input: string): Promise<ExecResult> =>
    host.exec('script', ['-qec', [process.execPath, ...words].join(' '), '/dev/null'], { input, timeoutMs: 30_000 });
  const keys = [builtFile('bin/spa-keys.cjs'), 'invite', 'dave', '--passphrase', '--text'];
  const words = [...keys, '--host', server.address4, '--stanza', spad.confFile];
  const made = await onTerminal(server, words, 'open sesame\nopen sesame\n');
  const line = /^spa1-[0-9a-z]+/m.exec(made.stdout)?.[0] ?? expect.fail(made.stdout);
  await spad.reload();
  const file = join(lab.dir, 'invite');
  writeFileSync(file, line);
  const unasked = await joined('dave', ['--file', file]);
  expect(unasked).toMatchObject({ code: 2 });
  expect(unasked.stderr).toContain('use --passphrase-file');
  const joinWords = [builtFile('bin/spa-client.cjs'), 'join', '--file', file, '--profiles', profilesOf('dave')];
  const { code, stdout } = await onTerminal(client, joinWords, 'open says me\nopen sesame\n');
  expect(code, stdout).toBe(0);
  expect(stdout).toContain('that is not its passphrase');
  await spad.audit.waitFor({ event: 'granted', stanza: 'dave' });
});

test('before the reload the profile is kept, and the exit code and the next step say so', async () => {
  const made = await spaKeys('invite', 'erin', '--host', server.address4, '--text');
  const stopped = await joined('erin', ['-'], made.stdout.replace('q', 'p').replace(/.$/, 'x'));
  expect(stopped.code).toBe(2);
  expect(existsSync(profilesOf('erin'))).toBe(false);
  // For the client the port is open by now, by other stanzas: so the other host joins.
  const words = [builtFile('bin/spa-client.cjs'), 'join', '--profiles', profilesOf('erin'), '-'];
  const late = await attacker.exec(process.execPath, words, { input: made.stdout, timeoutMs: 30_000 });
  expect(late.code, late.stderr).toBe(3);
  expect(late.stderr).toContain('systemctl reload spad');
  expect(readFileSync(profilesOf('erin'), 'utf8')).toContain('[gw1]');
});

test('who is revoked has nothing open any more, and gets nothing', async () => {
  const from = spad.audit.mark();
  const line = await invite('frank', '--host', server.address4);
  expect((await joined('frank', ['-'], line)).code).toBe(0);
  await spad.audit.waitFor({ event: 'granted', stanza: 'frank' }, from);
  const words = [builtFile('bin/spa-keys.cjs'), 'revoke', 'frank', '--file', spad.confFile];
  expect((await server.exec(process.execPath, words)).stdout).toContain('revoked [access frank]');
  await spad.reload();
  await spad.audit.waitFor({ event: 'revoked', stanza: 'frank', reason: 'stanza-removed' }, from);
  const before = await spad.counts();
  const ask = [builtFile('bin/spa-client.cjs'), '--profiles', profilesOf('frank'), '-n', 'gw1'];
  await client.exec(process.execPath, ask);
  const { 'unknown-hint': unknown = 0, sieved = 0 } = await spad.counts();
  expect(unknown + sieved).toBeGreaterThan((before['unknown-hint'] ?? 0) + (before['sieved'] ?? 0));
  expect(
    spad.audit
      .entries()
      .slice(from)
      .filter(({ event, stanza }) => event === 'granted' && stanza === 'frank'),
  ).toHaveLength(1);
});
