import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run } from '../../../client/run.ts';
import { unixMs } from '../../../src/base/units.ts';
import { Secret } from '../../../src/crypto/secret.ts';
import { deriveUnsealKeys, type Unsealed, unsealNative } from '../../../src/spa/native/unseal.ts';
import { temporaryFolder } from '../keys/folder.ts';
import { FAKE_NOW, type FakeWorld, fakeIo, networkError, type Seen } from './fake-io.ts';
import { answering, KEY } from './fake-server.ts';

/** A home whose profiles.ini has this text and mode. */
const homeWith = (profiles: string, mode = 0o600): string => {
  const home = temporaryFolder();
  mkdirSync(join(home, '.config', 'spa'), { recursive: true });
  writeFileSync(join(home, '.config', 'spa', 'profiles.ini'), profiles, { mode });
  return home;
};

const PROFILE = `[gw]\nhost = 192.0.2.1\nserver = gw1\nkey = ${KEY}\naccess = tcp/22\n`;

/** The server opens and says so, unless `world` has it otherwise. */
const runWith = async (words: string, world: FakeWorld = {}): Promise<Seen & { code: number }> => {
  const io = fakeIo({ home: world.home ?? homeWith(PROFILE), answer: answering(), ...world });
  const code = await run(words.split(' '), io);
  expect(io.openSockets()).toBe(0);
  return { ...io, code };
};

/** By the time zone of this host, as people there read it. */
const localTime = (ms: number): string => new Date(ms).toTimeString().slice(0, 8);

const unseal = (datagram: Uint8Array | undefined, server = 'gw1'): Unsealed => {
  const secret = Secret.fromBase64(KEY) ?? expect.fail('a secret');
  const opened = unsealNative(datagram ?? expect.fail('nothing was sent'), deriveUnsealKeys(secret, server));
  return opened.ok ? opened.value : expect.fail(opened.error);
};

describe('sending', () => {
  test('one packet, that the server can read, and a line for each step', async () => {
    const ran = await runWith('gw', { localAddress: '8.8.8.8' });
    expect(ran.code).toBe(0);
    expect(ran.stdout()).toBe(
      "asking gw1 to open tcp/22 for 8.8.8.8 (this host's address)\n" +
        `open: tcp/22 for 8.8.8.8 until ${localTime(FAKE_NOW + 30_000)} (30s)\n`,
    );
    expect(ran.stderr()).toContain('note: the server saw the packet come from 203.0.113.9');
    expect(ran.sent).toHaveLength(1);
    expect(ran.sent[0]).toMatchObject({ to: { address: '192.0.2.1', family: 4 }, port: 62_201 });
    expect(unseal(ran.sent[0]?.datagram).request).toMatchObject({ type: 'open', time: FAKE_NOW, reply: true });
  });

  test.each(['gw --no-reply', '-n silent'])('one packet, and no waiting for an answer: %s', async (words) => {
    const home = homeWith(`${PROFILE}${PROFILE.replace('gw', 'silent')}reply = no\n`);
    const ran = await runWith(words, { home });
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stdout()).toMatch(/^asking .*\nsent 176 bytes to 192\.0\.2\.1:62201; no answer was asked for\n$/);
    expect(ran.stderr()).toBe('');
    expect(ran.sent).toHaveLength(1);
    expect(unseal(ran.sent[0]?.datagram).request.reply).toBe(false);
  });

  test('without a profile', async () => {
    const home = temporaryFolder();
    writeFileSync(join(home, 'k'), `${KEY}\n`, { mode: 0o600 });
    const ran = await runWith(`--server other --key-file ${join(home, 'k')} -A tcp/22 --no-reply 2001:db8::1`, {
      home,
    });
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stdout()).toContain('to [2001:db8::1]:62201;');
    unseal(ran.sent[0]?.datagram, 'other');
  });

  test('a profile by its host; its key_file below the home folder', async () => {
    const home = homeWith('[a]\nhost = h.example\nserver = gw1\nkey_file = ~/k\n');
    writeFileSync(join(home, 'k'), KEY, { mode: 0o600 });
    const names = { 'h.example': [{ address: '192.0.2.9', family: 4 }] } as const;
    const ran = await runWith('h.example -v', { home, names });
    expect(ran).toMatchObject({ code: 0, lookups: ['h.example'] });
    expect(ran.stdout()).toContain('profile "a" of');
    expect(ran.stdout()).toContain('fingerprint of the key:');
    expect(ran.stdout()).toContain('time in the packet: 2026-01-01 12:00:00 UTC');
    expect(ran.stdout()).not.toContain(KEY);
  });

  test('passes over an address that there is no route to', async () => {
    const names = {
      '192.0.2.1': [
        { address: '2001:db8::1', family: 6 },
        { address: '192.0.2.2', family: 4 },
      ],
    } as const;
    const ran = await runWith('gw', { names, unroutable: { '2001:db8::1': networkError('ENETUNREACH') } });
    expect(ran.sent[0]?.to.address).toBe('192.0.2.2');
  });

  test.each(['ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN', 'EPERM', 'EACCES', 'EINVAL', 'EADDRNOTAVAIL'])(
    '%s in words',
    async (code) => {
      const unrouted = await runWith('gw', { unroutable: { '192.0.2.1': networkError(code) } });
      expect(unrouted.code).toBe(1);
      expect(unrouted.stderr()).toMatch(/^spa-client: .*192\.0\.2\.1.*; nothing was sent\n$/);
      expect(unrouted.stderr()).not.toContain(code);
      for (const words of ['gw', 'gw --no-reply']) {
        const unsent = await runWith(words, { sendError: networkError(code) });
        expect(unsent.code).toBe(1);
        expect(unsent.stderr()).toBe(unrouted.stderr());
        expect(unsent.stdout()).not.toContain('sent 176');
      }
    },
  );

  test('a bug is not hidden', async () => {
    await expect(runWith('gw', { sendError: new TypeError('a bug') })).rejects.toThrow('a bug');
  });

  test('tells that a port answered, and that the source is this host', async () => {
    const ran = await runWith('-n gw 127.0.0.1', { refused: true });
    expect(ran.code).toBe(0);
    expect(ran.stderr()).toContain('no program listens on udp/62201');
    expect(ran.stderr()).toContain('127.0.0.1 is this host itself');
  });
});

describe('the answer', () => {
  test.each([
    [
      'gw',
      { status: 'refused', reason: 'port-not-allowed' },
      'gw1 has refused (port-not-allowed): this key does not open tcp/22',
    ],
    ['gw', { status: 'failed' }, 'gw1 could not do it'],
    [
      'gw --close',
      { status: 'refused', reason: 'nothing-to-close' },
      'nothing that this key has opened is open for 203.0.113.9',
    ],
  ] as const)('%s, %o: exit code 4 and what to do', async (words, outcome, sentence) => {
    const ran = await runWith(words, { answer: answering(outcome) });
    expect(ran.code).toBe(4);
    expect(ran.stderr()).toMatch(/^spa-client: /);
    expect(ran.stderr()).toContain(sentence);
  });

  test('what was refused is not waited for', async () => {
    const ran = await runWith('gw --wait', { answer: answering({ status: 'failed' }), tcp: 'open' });
    expect(ran).toMatchObject({ code: 4 });
    expect(ran.stdout()).not.toContain('tcp/22 is open');
  });

  test('closed', async () => {
    const ran = await runWith('gw --close -a 8.8.8.8', { answer: answering({ status: 'closed' }) });
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stdout()).toContain('\nclosed: tcp/22 for 8.8.8.8\n');
  });

  test('silence: exit code 3, the likeliest causes and what was done', async () => {
    const ran = await runWith('gw --timeout 1', { answer: () => [], refused: true });
    expect(ran.code).toBe(3);
    expect(ran.sent).toHaveLength(1);
    expect(ran.stderr()).toContain(
      'gw1 at 192.0.2.1:62201 has not answered one packet within 1 s; likeliest: UDP to port',
    );
    expect(ran.stderr()).toContain("this host's says 2026-01-01 12:00:00 UTC");
    expect(ran.stderr()).toContain('no program listens on udp/62201');
  });

  test('a second packet where the first is lost, which is another one', async () => {
    const ran = await runWith('gw', { answer: (datagram, index) => (index === 0 ? [] : answering()(datagram)) });
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stderr()).toBe('no answer after 1 s; asking again\n');
    expect(ran.stdout()).toContain('\nopen: tcp/22 for 203.0.113.9 until');
    expect(ran.sent).toHaveLength(2);
    expect(ran.sent[1]?.datagram).not.toEqual(ran.sent[0]?.datagram);
    unseal(ran.sent[1]?.datagram);
  });

  test('silence is no refusal: with --wait the port is tried', async () => {
    const ran = await runWith('gw --timeout 1 --wait', { answer: () => [], tcp: 'open' });
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stderr()).toContain('; trying tcp/22 all the same');
    expect(ran.stdout()).toContain('tcp/22 is open after');
  });
});

describe('a clock that is off', () => {
  const off = { time: unixMs(FAKE_NOW + 97_000) };
  const opened = { status: 'opened', ends: unixMs(FAKE_NOW + 97_000 + 30_000) } as const;
  const timeOf = (ran: Seen, index = 0): number => unseal(ran.sent[index]?.datagram).request.time - FAKE_NOW;

  test('is said, remembered, allowed for, and forgotten when it is right again', async () => {
    const home = homeWith(PROFILE);
    const first = await runWith('gw', { home, answer: answering(opened, off) });
    expect(first.stderr()).toBe(
      "note: this host's clock is 97 s behind that of gw1; the next packets will allow for that\n",
    );
    expect(first.stdout()).toContain(`until ${localTime(FAKE_NOW + 30_000)} (30s)`);
    expect(timeOf(first)).toBe(0);
    const second = await runWith('gw', { home, answer: answering(opened, off) });
    expect(second.stderr()).toBe("note: this host's clock is 97 s behind that of gw1; allowed for\n");
    expect(timeOf(second)).toBe(97_000);
    const unanswered = await runWith('gw --no-reply', { home });
    expect(unanswered.stderr()).toBe("note: this host's clock is 97 s behind that of gw1; allowed for\n");
    expect(timeOf(unanswered)).toBe(97_000);
    const third = await runWith('gw', { home });
    expect(third.stderr()).toBe("note: this host's clock agrees with that of gw1 again\n");
    expect(timeOf(await runWith('gw', { home }))).toBe(0);
  });

  test('as it was remembered and as it is, in turns, where nothing comes back', async () => {
    const home = homeWith(PROFILE);
    await runWith('gw', { home, answer: answering(opened, off) });
    const ran = await runWith('gw --timeout 4', { home, answer: () => [] });
    expect(ran.code).toBe(3);
    expect([0, 1, 2].map((index) => timeOf(ran, index))).toEqual([97_000, 0, 97_000]);
  });

  test('that cannot be remembered is no failure', async () => {
    const home = homeWith(PROFILE);
    writeFileSync(join(home, '.local'), '');
    const ran = await runWith('gw', { home, answer: answering(opened, off) });
    expect(ran.code).toBe(0);
    expect(ran.stderr()).toContain('note: that is not remembered: cannot mkdir');
  });
});

describe('--dry-run and --save-packet', () => {
  test('says all and sends nothing', async () => {
    const ran = await runWith('gw --dry-run');
    expect(ran).toMatchObject({ code: 0, sent: [] });
    expect(ran.stdout()).toBe(
      "would ask gw1 to open tcp/22 for the address it sees (this host's, 192.168.1.5, is private)\n" +
        'would send 176 bytes to 192.0.2.1:62201; nothing was sent\n',
    );
  });

  test('saves the bytes that are sent, closed to others', async () => {
    const file = join(temporaryFolder(), 'packet');
    writeFileSync(file, 'x'.repeat(500), { mode: 0o644 });
    const ran = await runWith(`gw --save-packet ${file}`);
    expect(new Uint8Array(readFileSync(file))).toEqual(ran.sent[0]?.datagram);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('follows no symbolic link, and then sends nothing', async () => {
    const folder = temporaryFolder();
    symlinkSync(join(folder, 'target'), join(folder, 'link'));
    for (const path of [join(folder, 'link'), folder, '/dev/null']) {
      const ran = await runWith(`gw --save-packet ${path}`);
      expect(ran).toMatchObject({ code: 1, sent: [] });
      expect(ran.stderr()).toContain(`the packet cannot be saved: ${path}`);
    }
    expect(await runWith(`gw --save-packet ${folder}/none/x`)).toMatchObject({ code: 1, sent: [] });
  });
});

describe('--wait', () => {
  test('ends when the port is open', async () => {
    const ran = await runWith('gw --wait', { tcp: 'open' });
    expect(ran.code).toBe(0);
    expect(ran.stdout()).toMatch(/\nopen: .*\ntcp\/22 is open after 0\.\d\d s\n$/);
    expect(ran.stderr()).toBe('');
  });

  test('exit code 3 and the likeliest causes', async () => {
    const ran = await runWith('--no-reply gw --wait 1s', { tcp: 'refused', onTerminal: true });
    expect(ran.code).toBe(3);
    expect(ran.stderr()).toContain('waiting for tcp/22');
    expect(ran.stderr()).toContain('did not open within 1 s (the last try was refused');
    expect(ran.stderr()).toContain("this host's says 2026-01-01 12:00:00 UTC");
  });

  test.each([
    ['refused', 'so no service listens there'],
    ['silent', 'so another firewall drops it'],
  ] as const)('exit code 3 where the server has opened, and a connection is %s', async (tcp, why) => {
    const ran = await runWith('gw --wait 1s', { tcp });
    expect(ran.code).toBe(3);
    expect(ran.stdout()).toContain('open: tcp/22');
    expect(ran.stderr()).toContain('gw1 has opened tcp/22, and 192.0.2.1 has accepted no connection there within 1 s');
    expect(ran.stderr()).toContain(why);
  });
});

describe('which profile', () => {
  test.each([
    ['', 'nobody', 'there is no profile for "nobody" in'],
    ['', 'nobody', 'spa-client join -'],
    [PROFILE, 'gx', 'did you mean "gw"?'],
    [PROFILE, 'elsewhere', '(it has gw, 192.0.2.1)'],
    [PROFILE, '-n 192.0.2.1', 'there is no profile for "192.0.2.1"'],
    [PROFILE, `--key ${KEY} elsewhere`, 'there is no profile for "elsewhere"'],
    [`[gw]\nhost = 192.0.2.1\nkey = ${KEY}\n`, 'gw', 'profiles.ini:1: error: [gw] has no "server"'],
    [`[gw]\nserver = x\n[other]\nhost = gw\nserver = gw1\nkey = ${KEY}\n`, 'gw', 'the profile "gw" cannot be used'],
    [PROFILE + PROFILE, 'gw', 'section [gw] again'],
    ['[gw]\nserver = gw1\nkey_file = k\n', 'gw', 'is a relative path'],
    ['[gw]\nserver = gw1\nkey_file = ~/none\n', 'gw', 'there is no file'],
  ])('%j, %s: %s', async (profiles, words, sentence) => {
    const ran = await runWith(words, {
      home: homeWith(profiles),
      names: { gw: [{ address: '192.0.2.1', family: 4 }] },
    });
    expect(ran.stderr()).toContain(sentence);
    expect(ran).toMatchObject({ code: 2, sent: [] });
  });

  test('a profile with an error does not stop another one', async () => {
    const ran = await runWith('gw -v', { home: homeWith(`${PROFILE}[x]\nprot = 1\n`) });
    expect(ran.code).toBe(0);
    expect(ran.stderr()).toContain('unknown key "prot"');
  });

  test('a file that others can read is refused', async () => {
    expect(await runWith('gw', { home: homeWith(PROFILE, 0o644) })).toMatchObject({ code: 2, sent: [] });
  });

  test('a file that was named must be there', async () => {
    const ran = await runWith('gw --profiles /nowhere/p.ini');
    expect(ran.code).toBe(2);
    expect(ran.stderr()).toBe('spa-client: there is no file /nowhere/p.ini\n');
  });
});

test('--version', async () => {
  expect((await runWith('--version')).stdout()).toMatch(/^spa-client \d+\.\d+\.\d+\n$/);
});
