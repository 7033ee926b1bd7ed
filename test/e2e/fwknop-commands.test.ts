/**
 * The real fwknop client against spad on an access.conf: commands as somebody else, command cycles across reload, crash
 * and stop, gpg, and an old digest.cache.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Host } from '../support/host.ts';
import { Lab } from '../support/lab.ts';
import { startTcpService, tcpState } from '../support/probe.ts';
import { Spad } from '../support/spad.ts';
import { waitUntil } from '../support/wait.ts';

const KEYS = 'KEY testkey\nHMAC_KEY hmackey\n';
const CLIENT_KEYS = ['--key-rijndael', 'testkey', '--key-hmac', 'hmackey'];

let lab: Lab;
let client: Host;
let server: Host;
let spad: Spad;
/** A folder in which anybody may write. */
let shared: string;
let number = 0;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  [client, server] = [lab.host('client'), lab.host('server')];
  await startTcpService(server, [22]);
});
afterAll(() => lab.close());

beforeEach(() => {
  number += 1;
  spad = new Spad(lab, server, `spad-${String(number)}`);
  shared = join(spad.dir, 'shared');
  mkdirSync(shared);
  // The laboratory's folder is closed to others, who run commands here.
  for (const folder of [lab.dir, spad.dir, shared]) chmodSync(folder, folder === shared ? 0o777 : 0o711);
});
afterEach(() => spad.stop().catch(() => undefined));

const configure = (access: string, more = ''): void => {
  writeFileSync(join(spad.dir, 'access.conf'), access, { mode: 0o600 });
  spad.writeConf(
    `[spad]\nname = gw1\nguard = tcp/22\nstate_dir = ${spad.stateDir}\naudit_log = ${spad.audit.path}\n` +
      `fwknop_access = ${join(spad.dir, 'access.conf')}\n${more}`,
  );
};

/** Runs the real client. */
const fwknop = (...args: readonly string[]): Promise<string> =>
  client.run('fwknop', ['--no-rc-file', '--no-save-args', '-D', server.address4, ...args], { env: { HOME: lab.dir } });

const ask = (...args: readonly string[]): Promise<string> =>
  fwknop('-a', client.address4, '-A', 'tcp/22', ...CLIENT_KEYS, ...args);

const linesOf = (name: string): string[] =>
  existsSync(join(shared, name)) ? readFileSync(join(shared, name), 'utf8').trim().split('\n') : [];

test('a port opens for the real client, once', async () => {
  configure(`SOURCE ANY\n${KEYS}OPEN_PORTS tcp/22\n`);
  await spad.start();
  const file = join(spad.dir, 'packet');
  expect(await tcpState(client, server.address4, 22)).not.toBe('open');
  await ask('-B', file, '-U', 'somebody');
  expect(await spad.audit.waitFor({ event: 'granted' })).toMatchObject({ format: 'fwknop', ports: ['tcp/22'] });
  expect(await tcpState(client, server.address4, 22)).toBe('open');
  await spad.send(client, Buffer.from(readFileSync(file, 'latin1').trim(), 'latin1'));
  await spad.audit.waitFor({ event: 'rejected', reason: 'replayed' });
});

test('NAT: a port goes to another one of the server, where fwknopd.conf lets it', async () => {
  writeFileSync(join(spad.dir, 'fwknopd.conf'), 'ENABLE_IPT_LOCAL_NAT Y;\n', { mode: 0o600 });
  const conf = `fwknop_config = ${join(spad.dir, 'fwknopd.conf')}\n`;
  configure(`SOURCE ANY\n${KEYS}OPEN_PORTS tcp/8022\n`, conf);
  await spad.start();
  const nat = ['-a', client.address4, '-A', 'tcp/8022', '--nat-local', '-N', `${server.address4}:22`];
  await fwknop(...nat, ...CLIENT_KEYS);
  expect(await spad.audit.waitFor({ event: 'granted' })).toMatchObject({ ports: ['tcp/8022'], forward: 'local:22' });
  expect(await tcpState(client, server.address4, 8022)).toBe('open');
  await fwknop('-a', client.address4, '-A', 'tcp/8022', '-N', '10.0.0.5:22', ...CLIENT_KEYS);
  await spad.audit.waitFor({ event: 'rejected', reason: 'nat-not-allowed' });
});

describe('commands', () => {
  test('run as CMD_EXEC_USER, leave their status, and keep nobody waiting', async () => {
    configure(`SOURCE ANY\n${KEYS}OPEN_PORTS tcp/22\nENABLE_CMD_EXEC Y\nCMD_EXEC_USER nobody\n`);
    const script = join(shared, 'id.sh');
    writeFileSync(script, `#!/bin/sh\necho "$(id -u) $(id -G) $*" >> ${shared}/ran\nexit 3\n`, { mode: 0o755 });
    await spad.start();
    await fwknop('-a', client.address4, '-C', '/bin/sleep 5', ...CLIENT_KEYS);
    await fwknop('-a', client.address4, '-C', `${script} $(id)`, ...CLIENT_KEYS);
    const ended = await spad.audit.waitFor({ event: 'ended', reason: 'program-failed' });
    expect(ended.detail).toBe(`${script} $(id): status 3`);
    expect(linesOf('ran')).toEqual(['65534 65534 $(id)']);
    await ask();
    await spad.audit.waitFor({ event: 'granted' }, 0, 3000);
    expect(spad.audit.all({ event: 'ended' })).toHaveLength(1);
    await spad.audit.waitFor({ event: 'ended', detail: '/bin/sleep 5: status 0' });
  });

  test('one that goes on keeps nobody from stopping', async () => {
    configure(`SOURCE ANY\n${KEYS}ENABLE_CMD_EXEC Y\n`);
    await spad.start();
    await fwknop('-a', client.address4, '-C', '/bin/sleep 20', ...CLIENT_KEYS);
    await spad.audit.waitFor({ event: 'commanded', detail: '/bin/sleep 20' });
    const begun = performance.now();
    await spad.stop();
    expect(performance.now() - begun).toBeLessThan(5000);
  });
});

describe('command cycles', () => {
  const cycle = (timer: number): string =>
    `SOURCE ANY\n${KEYS}CMD_CYCLE_OPEN ${shared}/note.sh open $IP $PORT $PROTO\n` +
    `CMD_CYCLE_CLOSE ${shared}/note.sh close $IP $PORT\nCMD_CYCLE_TIMER ${String(timer)}\n`;
  const start = async (timer: number): Promise<void> => {
    configure(cycle(timer));
    writeFileSync(join(shared, 'note.sh'), `#!/bin/sh\necho "$*" >> ${shared}/ran\n`, { mode: 0o755 });
    await spad.start();
  };
  const OPEN = (): string => `open ${client.address4} 22 6`;
  const CLOSE = (): string => `close ${client.address4} 22`;
  const ranIs = (...lines: readonly string[]): Promise<void> =>
    waitUntil(lines.join(', '), () => linesOf('ran').join() === lines.join());

  test('open, put off by the same again, close once; a reload changes nothing', async () => {
    await start(4);
    const begun = performance.now();
    await ask();
    await ranIs(OPEN());
    await spad.reload();
    await sleep(2000);
    await ask();
    await spad.audit.waitFor({ event: 'extended' });
    await spad.reload();
    await ranIs(OPEN(), CLOSE());
    expect(performance.now() - begun).toBeGreaterThan(6000);
    await sleep(1500);
    expect(linesOf('ran')).toEqual([OPEN(), CLOSE()]);
    expect(spad.audit.all({ event: 'expired' })).toHaveLength(1);
  });

  test('after kill -9 the close is run when it is due, once', async () => {
    await start(5);
    const begun = performance.now();
    await ask();
    await ranIs(OPEN());
    await spad.stop('SIGKILL');
    await sleep(500);
    await spad.start();
    expect(linesOf('ran')).toEqual([OPEN()]);
    await ranIs(OPEN(), CLOSE());
    expect(performance.now() - begun).toBeGreaterThan(4500);
    await spad.stop('SIGKILL');
    await spad.start();
    await sleep(1000);
    expect(linesOf('ran')).toEqual([OPEN(), CLOSE()]);
  });

  test('what was due while nobody was there is closed at the next start', async () => {
    await start(2);
    await ask();
    await ranIs(OPEN());
    await spad.stop('SIGKILL');
    await sleep(2500);
    expect(linesOf('ran')).toEqual([OPEN()]);
    await spad.start();
    await ranIs(OPEN(), CLOSE());
  });

  test('an orderly stop closes what is open', async () => {
    await start(3600);
    await ask();
    await ranIs(OPEN());
    await spad.stop();
    expect(linesOf('ran')).toEqual([OPEN(), CLOSE()]);
    await spad.start();
    await sleep(500);
    expect(linesOf('ran')).toEqual([OPEN(), CLOSE()]);
  });
});

test('what fwknopd has let in before opens nothing, though it is fresh', async () => {
  const file = join(spad.dir, 'packet');
  // Made, and sent to where nobody listens.
  await ask('-B', file, '-p', '9');
  const text = readFileSync(file, 'latin1').trim();
  const digest = createHash('sha256').update(text).digest('base64').replace('=', '');
  const cache = join(spad.dir, 'digest.cache');
  writeFileSync(cache, `# <digest> ...\n${digest} 17 10.99.0.1 1 10.99.0.2 62201 1\nrubbish\n`, { mode: 0o600 });
  configure(`SOURCE ANY\n${KEYS}OPEN_PORTS tcp/22\n`, `fwknop_digest_cache = ${cache}\n`);
  await spad.start();
  await spad.send(client, Buffer.from(text, 'latin1'));
  expect(await spad.audit.waitFor({ event: 'rejected' })).toMatchObject({ reason: 'replayed', format: 'fwknop' });
  await ask();
  await spad.audit.waitFor({ event: 'granted' });
});

test('gpg: what the real client seals and signs opens, where the signer is wanted', async () => {
  const [serverRing, clientRing] = ['gs', 'gc'].map((name) => join(lab.dir, name));
  const gpg = (ring: string | undefined, args: readonly string[], input = ''): string => {
    const words = ['--homedir', ring ?? '', '--batch', '--yes', '--pinentry-mode', 'loopback', '--passphrase', ''];
    const run = spawnSync('gpg', [...words, ...args], { input, encoding: 'utf8' });
    if (run.status !== 0) throw new Error(run.stderr);
    return run.stdout;
  };
  for (const ring of [serverRing, clientRing]) mkdirSync(ring ?? '', { mode: 0o700 });
  const [serverId, clientId] = [[serverRing, 'server@test'] as const, [clientRing, 'client@test'] as const].map(
    ([ring, name]) => {
      gpg(ring, ['--quick-gen-key', name, 'rsa2048', 'sign,cert', 'never']);
      const id = /^fpr:+([0-9A-F]+):/m.exec(gpg(ring, ['--with-colons', '-k', name]))?.[1] ?? '';
      gpg(ring, ['--quick-add-key', id, 'rsa2048', 'encr', 'never']);
      return id;
    },
  );
  gpg(clientRing, ['--import'], gpg(serverRing, ['--armor', '--export', 'server@test']));
  gpg(serverRing, ['--import'], gpg(clientRing, ['--armor', '--export', 'client@test']));
  gpg(serverRing, ['--quick-sign-key', clientId ?? '']);
  configure(
    `SOURCE ANY\nGPG_HOME_DIR ${serverRing ?? ''}\nGPG_DECRYPT_ID ${serverId ?? ''}\nGPG_ALLOW_NO_PW Y\n` +
      `GPG_FINGERPRINT_ID ${clientId ?? ''}\nHMAC_KEY hmackey\nOPEN_PORTS tcp/22\n`,
  );
  await spad.start();
  const file = join(spad.dir, 'packet');
  const words = ['-a', client.address4, '-A', 'tcp/22', '--key-hmac', 'hmackey', '-B', file];
  const ids = ['--gpg-recipient-key', serverId ?? '', '--gpg-signer-key', clientId ?? ''];
  await fwknop(...words, '--gpg-home-dir', clientRing ?? '', '--gpg-no-signing-pw', ...ids);
  const granted = await spad.audit.waitFor({ event: 'granted' });
  expect(granted).toMatchObject({ format: 'fwknop', ports: ['tcp/22'] });
  await spad.send(client, Buffer.from(readFileSync(file, 'latin1').trim(), 'latin1'));
  await spad.audit.waitFor({ event: 'rejected', reason: 'replayed' });
  for (const ring of [serverRing, clientRing]) {
    spawnSync('gpgconf', ['--homedir', ring ?? '', '--kill', 'gpg-agent']);
    rmSync(ring ?? '', { recursive: true, force: true });
  }
}, 60_000);
