/** Junk dies in the kernel: what the sieve drops, that it never drops an honest packet, and what happens where it cannot be. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { Spad, type SpadConfig } from '../support/spad.ts';
import { waitFor, waitUntil } from '../support/wait.ts';

const MAX_AGE_MS = 30_000;
const [alice, coded] = [new Keyholder(), new Keyholder()];

let lab: Lab;
let client: Host;
let server: Host;
let spad: Spad;
let runs = 0;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  [client, server] = [lab.host('client'), lab.host('server')];
});
afterAll(() => lab.close());
beforeEach(() => {
  runs += 1;
  spad = new Spad(lab, server, `run${runs}`);
});
afterEach(async () => {
  await spad.stop();
  await server.exec('nft', ['flush', 'ruleset']);
});

function configure(daemon: SpadConfig['daemon'] = {}, more: SpadConfig['access'] = {}): void {
  const allow = 'tcp/22, tcp/9, tcp/1000-60000';
  spad.configure({ daemon, access: { alice: { key: alice.base64, allow }, ...more } });
}

async function start(daemon: SpadConfig['daemon'] = {}, more: SpadConfig['access'] = {}): Promise<void> {
  configure(daemon, more);
  await spad.start();
}

/** With the hints in the kernel, which is a moment after the daemon is ready. */
async function startArmed(more: SpadConfig['access'] = {}): Promise<void> {
  await start({}, more);
  await waitUntil('hints to count', async () => (await server.run('nft', ['list', 'ruleset'])).includes('@hints log'));
}

const tables = async (): Promise<string[]> =>
  (await server.run('nft', ['list', 'tables'])).split('\n').filter((line) => line.includes('spad_hints'));

const junk = (count: number, size: (index: number) => number): Uint8Array[] =>
  Array.from({ length: count }, (_, index) => randomBytes(size(index)));

describe('junk', () => {
  test('is dropped and counted by the kernel, and none of it reaches the receiver', async () => {
    await startArmed();
    expect(spad.process.output).toContain('the kernel drops junk');
    const packets = [...junk(3000, () => 176), ...junk(300, () => 432), ...junk(600, (index) => index * 2)];
    const withOldHint = Array.from({ length: 100 }, () => alice.seal({ time: Date.now() - 3_600_000 }));
    await spad.sendAll(client, [...packets, ...withOldHint], 1);
    const counts = await waitFor('all to be counted', async () => {
      const now = await spad.counts();
      return (now['sieved'] ?? 0) >= 4000 ? now : undefined;
    });
    expect(counts).toEqual({ sieved: 4000 });
    await spad.settle(client, alice);
  });

  test('of the right length with a hint of now is for the receiver', async () => {
    await startArmed();
    const hint = alice.seal().subarray(0, 8);
    const packets = Array.from({ length: 50 }, () => Buffer.concat([hint, randomBytes(168)]));
    const wrongLength = Array.from({ length: 20 }, () => Buffer.concat([hint, randomBytes(100)]));
    await spad.sendAll(client, [...packets, ...wrongLength], 2, 1);
    const counts = await waitFor('all to be counted', async () => {
      const now = await spad.counts();
      return (now['bad-mac'] ?? 0) >= 50 && (now['sieved'] ?? 0) >= 20 ? now : undefined;
    });
    expect(counts).toEqual({ 'bad-mac': 50, sieved: 20 });
  });

  test('to another host that only passes through is left alone', async () => {
    const inner = await lab.addBehind(server, 'behind');
    await startArmed();
    const address = '10.99.4.2';
    const listener = inner.spawn('python3', [
      '-uc',
      "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('', 62201)); print('bound'); print('got', len(s.recv(2000)))",
    ]);
    await listener.waitForLine(/^bound$/);
    const target = inner.address4 === '' ? address : inner.address4;
    await client.run('ip', ['route', 'replace', target, 'via', server.address4]);
    await server.run('sysctl', ['-qw', 'net.ipv4.ip_forward=1']);
    await client.run('python3', [
      '-c',
      `import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x' * 176, ('${target}', 62201))`,
    ]);
    await listener.waitForLine(/^got 176$/);
  });
});

describe('an honest packet', () => {
  test('opens whatever minute it is, at either end of what a clock may be off', async () => {
    await start({ max_age: `${MAX_AGE_MS / 1000}s` });
    const mark = spad.audit.mark();
    const begin = Date.now();
    const end = begin + 65_000;
    let sent = 0;
    // More than a minute, so that windows begin and end meanwhile.
    while (Date.now() < end) {
      for (const off of [-MAX_AGE_MS + 3000, 0, MAX_AGE_MS - 3000]) {
        // What is older than the daemon might be a replay.
        if (Date.now() + off < begin) continue;
        await spad.send(client, alice.seal({ ports: 'tcp/22', time: Date.now() + off }));
        sent += 1;
      }
      await sleep(400);
    }
    const admitted = (): number =>
      ['granted', 'extended'].reduce((sum, event) => sum + spad.audit.all({ event }, mark).length, 0);
    await waitUntil('all to be admitted', () => Promise.resolve(admitted() >= sent), 5000).catch(() => undefined);
    expect(admitted()).toBe(sent);
    expect(sent).toBeGreaterThan(100);
  }, 100_000);

  test('of a client whose clock is far off is still told from junk', async () => {
    await start();
    await spad.send(client, alice.seal({ time: Date.now() - 600_000 }));
    await spad.audit.waitFor({ event: 'rejected', reason: 'stale', stanza: 'alice' });
  });

  test('is not lost in a burst of a thousand', async () => {
    await start();
    const mark = spad.audit.mark();
    const packets = Array.from({ length: 1000 }, (_, index) =>
      alice.seal({ ports: 'tcp/22', allow: `10.1.${index >> 8}.${index & 255}` }),
    );
    await spad.sendAll(client, packets);
    const admitted = (): number => spad.audit.all({ event: 'granted' }, mark).length;
    await waitUntil('all to be granted', () => Promise.resolve(admitted() >= 1000), 10_000).catch(() => undefined);
    expect(admitted()).toBe(1000);
  });
});

describe('the rules', () => {
  test('outlast a flush of the ruleset: the very next packet opens', async () => {
    await startArmed();
    for (let times = 0; times < 5; times += 1) {
      const mark = spad.audit.mark();
      await server.run('nft', ['flush', 'ruleset']);
      await spad.send(client, alice.seal({ ports: 'tcp/22', allow: `192.0.2.${times + 1}` }));
      await spad.audit.waitFor({ event: 'granted', allow: `192.0.2.${times + 1}` }, mark);
    }
    expect(spad.process.output).not.toContain('hands packets over');
  });

  test('that nobody can own, without the library, are put right once they are flushed, and that is said', async () => {
    const folder = join(lab.dir, `hidden${runs}`);
    mkdirSync(folder);
    writeFileSync(join(folder, 'libnftables.so.1'), '');
    configure();
    const hide = 'nft=$(readlink -f "$(command -v nft)") && cp "$nft" "$OLD/real" && mount --bind "$OLD/nft" "$nft"';
    const script = `#!/bin/sh\nunset LD_LIBRARY_PATH\nexec ${folder}/real "$@"\n`;
    writeFileSync(join(folder, 'nft'), script, { mode: 0o755 });
    await spad.start({ through: `${hide} && exec "$@"`, env: { OLD: folder, LD_LIBRARY_PATH: folder } });
    expect(spad.process.output).toContain('the kernel drops junk');
    await waitUntil('hints to count', async () =>
      (await server.run('nft', ['list', 'ruleset'])).includes('@hints log'),
    );
    const from = spad.process.mark();
    await server.run('nft', ['flush', 'ruleset']);
    await spad.process.waitForLine(/somebody changed the rules by which the kernel hands packets over/, 10_000, from);
    await spad.settle(client, alice);
  });

  test('are gone after a stop, and when the daemon is killed', async () => {
    await start();
    expect(await tables()).toHaveLength(1);
    await spad.stop();
    expect(await tables()).toEqual([]);
    await spad.start();
    await spad.stop('SIGKILL');
    await waitUntil('the kernel to end them', async () => (await tables()).length === 0);
  });

  test('that a daemon has left are taken away by the next one, and by a flush; those of one that runs stay', async () => {
    const leave = (): Promise<string> => server.run('nft', ['add', 'table', 'inet', 'spad_hints_b']);
    await leave();
    await start({ capture: 'udp' });
    await waitUntil('none to be left', async () => (await tables()).length === 0);
    await leave();
    const { stdout } = await spad.exec('flush', '-c', spad.confFile);
    expect(stdout).toContain('removed: the rules by which the kernel handed packets to spad');
    expect(await tables()).toEqual([]);
    await spad.stop();
    await startArmed();
    expect((await spad.exec('flush', '-c', spad.confFile)).code).toBe(0);
    expect(await tables()).toHaveLength(1);
  });

  test('are only one lane, whatever reloads there were', async () => {
    await start();
    for (let times = 0; times < 3; times += 1) {
      configure({}, { [`extra${times}`]: { key: new Keyholder().base64, allow: 'tcp/22' } });
      const from = spad.process.mark();
      await spad.reload();
      await spad.process.waitForLine(/capturing again/, 10_000, from);
    }
    await waitUntil('one lane', async () => (await tables()).length === 1);
    await spad.settle(client, alice);
  });
});

describe('where there can be no sieve, libpcap captures and it is said why:', () => {
  const REFUSED = /junk is refused by spad and not in the kernel: /;

  test('with clients of fwknop', async () => {
    await start({}, { old: { format: 'fwknop', key: 'fwknop-key', hmac_key: 'fwknop-hmac-key', allow: 'tcp/22' } });
    expect(spad.process.output).toMatch(new RegExp(`${REFUSED.source}fwknop's packets do not begin with a hint`));
    expect(await tables()).toEqual([]);
    await spad.settle(client, alice);
  });

  test('with firewall = dry-run', async () => {
    await start({ firewall: 'dry-run' });
    expect(spad.process.output).toMatch(new RegExp(`${REFUSED.source}firewall = dry-run`));
    expect(await server.run('nft', ['list', 'tables'])).toBe('');
  });

  test('with an nft that is too old', async () => {
    const folder = join(lab.dir, 'old');
    mkdirSync(folder);
    // As nft before 1.0.1 does, and no library.
    const script = `#!/bin/sh
unset LD_LIBRARY_PATH
text=$(cat)
case "$text" in *@ih*) echo 'Error: syntax error, unexpected string' >&2; exit 1 ;; esac
printf '%s\\n' "$text" | ${folder}/real "$@"
`;
    writeFileSync(join(folder, 'nft'), script, { mode: 0o755 });
    writeFileSync(join(folder, 'libnftables.so.1'), '');
    configure();
    const hide = 'nft=$(readlink -f "$(command -v nft)") && cp "$nft" "$OLD/real" && mount --bind "$OLD/nft" "$nft"';
    await spad.start({ through: `${hide} && exec "$@"`, env: { OLD: folder, LD_LIBRARY_PATH: folder } });
    expect(spad.process.output).toContain('the program nft');
    expect(spad.process.output).toMatch(new RegExp(`${REFUSED.source}.*syntax error`));
    await spad.settle(client, alice);
  });
});

test('a group that another program listens to is told, with what to do, and taken once it is free', async () => {
  const holder = server.spawn('tcpdump', ['-ni', 'nflog:6220', '-w', '/dev/null']);
  await holder.waitForLine(/listening on/);
  configure();
  await spad.start({ until: /cannot capture: .*set nflog_group to one that is free/ });
  await holder.stop();
  await spad.process.waitForLine(/ready: capturing/, 20_000);
  await spad.settle(client, alice);
});

test('emergency codes are known to the kernel as long as the daemon runs', async () => {
  await startArmed({ coded: { key: coded.base64, allow: 'tcp/22', emergency: '1-8' } });
  const listing = await server.run('nft', ['list', 'set', 'inet', 'spad_hints_a', 'hints']);
  expect(listing.match(/0x[0-9a-f]+(?=[,\s}])(?! timeout)/g)?.length ?? 0).toBeGreaterThanOrEqual(1);
});
