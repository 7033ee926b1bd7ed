/** Another key for a client, against the daemon as it runs: before, while both hold, and after, as packets and people see it. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { unixMs } from '../../src/base/units.ts';
import { encodeHex } from '../../src/bytes/encoding.ts';
import { parseProfiles } from '../../src/config/profile.ts';
import { parseSpadConf } from '../../src/config/spad-conf.ts';
import { HmacKey } from '../../src/crypto/hmac.ts';
import { deriveNativeKey, hintOf, windowOf } from '../../src/spa/native/keys.ts';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import type { ExecResult } from '../support/lab-process.ts';
import { builtFile } from '../support/paths.ts';
import { startTcpService, tcpState } from '../support/probe.ts';
import { Spad } from '../support/spad.ts';
import { waitUntil } from '../support/wait.ts';

const FIRST = { alice: new Keyholder(), bob: new Keyholder(), carol: new Keyholder() };

let lab: Lab;
let client: Host;
let server: Host;
let spad: Spad;
let profiles: string;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  [client, server] = [lab.host('client'), lab.host('server')];
  await startTcpService(server, [22]);
  spad = new Spad(lab, server);
  const stanza = ({ base64: key }: Keyholder) => ({ key, allow: 'tcp/22, tcp/2000-2999' });
  const { alice, bob, carol } = FIRST;
  spad.configure({ access: { alice: stanza(alice), bob: stanza(bob), carol: stanza(carol) } });
  await spad.start();
  profiles = join(lab.dir, 'profiles.ini');
  const key = alice.base64;
  const text = `[work]\nhost = ${server.address4}\nserver = gw1\nkey = ${key}\naccess = tcp/22\nopen_for = 77\n`;
  writeFileSync(profiles, text, { mode: 0o600 });
});
afterAll(() => lab.close());

const spaKeys = (...words: readonly string[]): Promise<ExecResult> =>
  server.exec(process.execPath, [builtFile('bin/spa-keys.cjs'), ...words, '--stanza', spad.confFile], {
    timeoutMs: 30_000,
  });

/** The line that it prints; the daemon knows nothing of it yet. */
const rotate = async (...words: readonly string[]): Promise<string> => {
  const made = await spaKeys('rotate', ...words, '--text');
  expect(made.code, made.stderr).toBe(0);
  return made.stdout;
};

const joinBy = (line: string): Promise<ExecResult> =>
  client.exec(process.execPath, [builtFile('bin/spa-client.cjs'), 'join', '--profiles', profiles, '-'], {
    input: line,
    timeoutMs: 60_000,
  });

/** The holder of the key that the stanza has now. */
const present = (name: string): Keyholder => {
  const { conf } = parseSpadConf(readFileSync(spad.confFile, 'utf8'), '');
  const key = conf?.access.find(({ stanza }) => stanza.name === name)?.key;
  return key !== undefined && 'secret' in key ? new Keyholder('gw1', key.secret) : expect.fail(`no key of ${name}`);
};

let nextPort = 2000;

/** Sends a packet of the holder's for a port of its own, and gives what the audit log says of it. */
const granted = async (holder: Keyholder, key: 'old' | 'new' | undefined, stanza: string): Promise<void> => {
  nextPort += 1;
  const ports = `tcp/${String(nextPort)}`;
  await spad.send(client, holder.seal({ ports }));
  const line = await spad.audit.waitFor({ event: 'granted', stanza, ports: [ports] });
  expect(line.key).toBe(key);
};

/** Sends a packet that is to be nobody's. */
const ignored = async (holder: Keyholder): Promise<void> => {
  const before = await spad.junkCount();
  await spad.send(client, holder.seal({ ports: 'tcp/22' }));
  await waitUntil('it to be counted as junk', async () => (await spad.junkCount()) > before);
};

/** Whether the kernel has a hint of the holder's for one of the windows around now. */
const kernelKnows = async ({ secret, server: name }: Keyholder): Promise<boolean> => {
  const key = new HmacKey(deriveNativeKey(secret, name, 'hint'));
  const middle = windowOf(unixMs(Date.now()));
  const hints = [-1, 0, 1].map((step) => `0x${encodeHex(hintOf(key, middle + step))}`);
  const rules = await server.run('nft', ['list', 'ruleset']);
  expect(rules).toContain('spad_hints_');
  return hints.some((hint) => rules.includes(hint.replace(/^0x0+/, '0x')));
};

test('a client goes over from one key to the other without being shut out for a moment', async () => {
  const { alice } = FIRST;
  await granted(alice, undefined, 'alice');
  const early = alice.seal({ ports: 'tcp/22' });
  await spad.send(client, early);
  await spad.audit.waitFor({ event: 'granted', ports: ['tcp/22'] });
  const line = await rotate('alice', '--grace', '10m');
  await ignored(present('alice'));

  // Before the reload the new key is nobody's: the client goes back to the one that opens.
  const tooEarly = await joinBy(line);
  expect(tooEarly.code, tooEarly.stdout).toBe(3);
  expect(tooEarly.stderr).toContain('[work] keeps the old key');
  await granted(alice, undefined, 'alice');

  await spad.reload();
  await granted(alice, 'old', 'alice');
  await spad.send(client, early);
  await spad.audit.waitFor({ event: 'rejected', reason: 'replayed', stanza: 'alice', key: 'old' });
  const status = await spad.exec('status', '-c', spad.confFile);
  expect(status.stdout).toMatch(/^old key +of alice, until .*; old last used .*, new not used yet$/m);
  const check = await spad.exec('check', '-c', spad.confFile, '--json');
  expect(JSON.parse(check.stdout)).toMatchObject({
    findings: expect.arrayContaining([
      expect.objectContaining({ tag: 'old-key-ends', severity: 'warning' }),
    ]) as unknown,
  });

  const joined = await joinBy(line);
  expect(joined.code, joined.stderr).toBe(0);
  expect(joined.stdout).toContain('put the new key into [work]');
  const [profile] = parseProfiles(readFileSync(profiles, 'utf8'), '').profiles;
  expect(profile).toMatchObject({ name: 'work', host: server.address4, openFor: 77 });
  expect(readdirSync(lab.dir).filter((file) => file.startsWith('profiles.ini'))).toEqual(['profiles.ini']);
  await granted(present('alice'), 'new', 'alice');
  await granted(alice, 'old', 'alice');
  expect(await tcpState(client, server.address4, 22)).toBe('open');
  expect(await kernelKnows(alice)).toBe(true);

  const finished = await spaKeys('rotate', '--finish', 'alice');
  expect(finished.code, finished.stderr).toBe(0);
  await granted(alice, 'old', 'alice');
  await spad.reload();
  await ignored(alice);
  await granted(present('alice'), undefined, 'alice');
  await waitUntil('the kernel to forget the old key', async () => !(await kernelKnows(alice)));
}, 180_000);

test('at its time the old key ends by itself, in the kernel too, without a reload', async () => {
  const { bob } = FIRST;
  await rotate('bob', '--grace', '40s');
  await spad.reload();
  await waitUntil('both to be known to the kernel', async () => {
    const [old, fresh] = [await kernelKnows(bob), await kernelKnows(present('bob'))];
    return old && fresh;
  });
  await granted(bob, 'old', 'bob');
  await granted(present('bob'), 'new', 'bob');
  const until = /old_key_until = (\S+)/.exec(readFileSync(spad.confFile, 'utf8'))?.[1] ?? '';
  await waitUntil('the end', () => Date.now() >= Date.parse(until), 60_000);
  await ignored(bob);
  expect(await kernelKnows(bob)).toBe(false);
  await granted(present('bob'), undefined, 'bob');
  const check = await spad.exec('check', '-c', spad.confFile, '--json');
  expect(JSON.parse(check.stdout)).toMatchObject({
    findings: expect.arrayContaining([expect.objectContaining({ tag: 'old-key-over' })]) as unknown,
  });
  // Nor does a reload, or a new daemon, bring it back.
  await spad.reload();
  await ignored(bob);
  await spad.stop();
  await spad.start();
  await ignored(bob);
  await granted(present('bob'), undefined, 'bob');
}, 180_000);

test('a grace of seconds that is over before the reload leaves the new key alone', async () => {
  await rotate('carol', '--grace', '2s');
  const until = /old_key_until = (\S+)\n/.exec(readFileSync(spad.confFile, 'utf8').split('[access carol]')[1] ?? '');
  await waitUntil('the end', () => Date.now() >= Date.parse(until?.[1] ?? ''), 10_000);
  await spad.reload();
  await ignored(FIRST.carol);
  await granted(present('carol'), undefined, 'carol');
}, 60_000);

test('a stanza that is revoked lets neither of its keys in', async () => {
  const { carol } = FIRST;
  const second = present('carol');
  await rotate('carol', '--grace', '10m');
  await spad.reload();
  await granted(second, 'old', 'carol');
  const third = present('carol');
  const revoked = await server.exec(process.execPath, [
    ...[builtFile('bin/spa-keys.cjs'), 'revoke', 'carol', '--file', spad.confFile],
  ]);
  expect(revoked.code, revoked.stderr).toBe(0);
  await spad.reload();
  for (const holder of [carol, second, third]) await ignored(holder);
  const refused = await spaKeys('rotate', 'carol', '--again');
  expect(refused.stderr).toContain('is revoked');
}, 120_000);
