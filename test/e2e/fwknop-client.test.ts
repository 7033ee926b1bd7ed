/** Our own client speaks fwknop's format to spad: every transport, both families, by profile and by .fwknoprc. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Host } from '../support/host.ts';
import { Lab } from '../support/lab.ts';
import { builtFile } from '../support/paths.ts';
import { startTcpService, tcpState } from '../support/probe.ts';
import { Spad } from '../support/spad.ts';
import { waitUntil } from '../support/wait.ts';

const KEY = Buffer.alloc(32, 'key').toString('base64');
const HMAC_KEY = Buffer.alloc(64, 'hmac').toString('base64');
const CLIENT_KEYS = ['--key-base64-rijndael', KEY, '--key-base64-hmac', HMAC_KEY];
const PORT = 22;
const OPEN_FOR = 2;

let lab: Lab;
let client: Host;
let server: Host;
let spad: Spad;
let home: string;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  [client, server] = [lab.host('client'), lab.host('server')];
  await startTcpService(server, [PORT]);
  home = join(lab.dir, 'home');
  mkdirSync(join(home, '.config/spa'), { recursive: true });
  const rc = `[default]\n[office]\nSPA_SERVER ${server.address4}\nACCESS tcp/${String(PORT)}\nALLOW_IP source\nKEY_BASE64 ${KEY}\nHMAC_KEY_BASE64 ${HMAC_KEY}\nUSE_HMAC Y\n`;
  writeFileSync(join(home, '.fwknoprc'), rc, { mode: 0o600 });
  const profile = `[gw6]\nformat = fwknop\nhost = ${server.address6}\nallow = source\nkey_base64 = ${KEY}\nhmac_key_base64 = ${HMAC_KEY}\n`;
  writeFileSync(join(home, '.config/spa/profiles.ini'), profile, { mode: 0o600 });
  spad = new Spad(lab, server);
  spad.configure({
    daemon: { fwknop_tcp: 'yes', fwknop_http: 'yes', fwknop_icmp: 'yes' },
    access: {
      bob: {
        format: 'fwknop',
        allow: `tcp/${String(PORT)}`,
        open_for: OPEN_FOR,
        key_base64: KEY,
        hmac_key_base64: HMAC_KEY,
      },
    },
  });
  await spad.start();
  // A first start refuses what is older than itself, and the time in a packet of fwknop's is a whole second.
  await new Promise((resolve) => setTimeout(resolve, 1000));
});
afterAll(() => lab.close());

const runClient = (file: string, args: readonly string[]): Promise<string> =>
  client.run(process.execPath, [builtFile(file), ...args], { env: { HOME: home }, timeoutMs: 30_000 });

const fwknop = (...args: readonly string[]): Promise<string> => runClient('bin/fwknop.cjs', args);

const state = (family: 4 | 6): Promise<string> =>
  tcpState(client, family === 4 ? server.address4 : server.address6, PORT);

/** Shut before, open while the grant lasts, shut again. */
const opens = async (family: 4 | 6, transport: string, ask: () => Promise<string>): Promise<void> => {
  expect(await state(family)).not.toBe('open');
  const mark = spad.audit.mark();
  await ask();
  expect(await spad.audit.waitFor({ event: 'granted' }, mark)).toMatchObject({
    stanza: 'bob',
    format: 'fwknop',
    transport,
  });
  expect(await state(family)).toBe('open');
  await spad.audit.waitFor({ event: 'expired' }, mark);
  await waitUntil('the port to be shut', async () => (await state(family)) !== 'open');
};

const options = (): string[] => [
  '--no-rc-file',
  '--no-save-args',
  '-D',
  server.address4,
  '-A',
  'tcp/22',
  ...CLIENT_KEYS,
];

describe('the program fwknop', () => {
  test.each([
    ['udp', 'udp', []],
    ['tcp', 'tcp', []],
    ['http', 'http', []],
    ['udpraw', 'udp', []],
    ['tcpraw', 'tcp', []],
    ['icmp', 'icmp', []],
    ['icmp', 'icmp', ['--icmp-type', '8']],
  ])('-P %s opens as %s %j', async (way, transport, more) => {
    await opens(4, transport, () => fwknop(...options(), '-s', '-P', way, ...more));
  });

  test('names another address, from a forged source', async () => {
    const raw = ['-P', 'udpraw', '-Q', '10.99.0.77', '-a', client.address4];
    const mark = spad.audit.mark();
    await opens(4, 'udp', () => fwknop(...options(), ...raw));
    expect(spad.audit.all({ event: 'granted' }, mark)).toMatchObject([
      { source: '10.99.0.77', allow: client.address4 },
    ]);
  });

  test.each(['udp', 'tcp', 'http'])('-P %s goes by IPv6', async (way) => {
    const args = options().map((word) => (word === server.address4 ? server.address6 : word));
    await opens(6, way, () => fwknop(...args, '-s', '-P', way));
  });

  test('a saved packet opens once, whichever way it comes', async () => {
    const file = join(lab.dir, 'packet');
    await opens(4, 'udp', () => fwknop(...options(), '-s', '-B', file));
    for (const way of ['udp', 'tcp', 'http', 'icmp']) {
      const mark = spad.audit.mark();
      await fwknop('--no-rc-file', '--no-save-args', '-D', server.address4, '--send-packet', file, '-P', way);
      await spad.audit.waitFor({ event: 'rejected', reason: 'replayed' }, mark);
    }
    expect(await state(4)).not.toBe('open');
  });
});

describe('spa-client', () => {
  test('uses a stanza of .fwknoprc by its name, and waits for the port', async () => {
    await opens(4, 'udp', () => runClient('bin/spa-client.cjs', ['-n', 'office', '--wait']));
  });

  test('uses a profile with format = fwknop, by IPv6', async () => {
    await opens(6, 'udp', () => runClient('bin/spa-client.cjs', ['-A', 'tcp/22', '--wait', 'gw6']));
  });
});
