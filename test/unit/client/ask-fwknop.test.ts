import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../../client/run.ts';
import { encodeUtf8 } from '../../../src/bytes/encoding.ts';
import { unsealFwknop } from '../../../src/spa/fwknop/unseal.ts';
import { type FakeWorld, fakeIo } from './fake-io.ts';

let home: string;

const put = (path: string, text: string): void => {
  const whole = join(home, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, text, { mode: 0o600 });
};

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'ask-fwknop-'));
  put(
    '.config/spa/profiles.ini',
    `[office]\nformat = fwknop\nhost = 192.0.2.1\nkey = k1\nhmac_key = h1\naccess = tcp/22
[own]\nserver = own\nkey = ${'A'.repeat(42)}E=\nhost = 192.0.2.3\n`,
  );
  put(
    '.fwknoprc',
    '[lab]\nSPA_SERVER 192.0.2.2\nKEY k1\nHMAC_KEY h1\nACCESS tcp/80\nALLOW_IP source\nFW_TIMEOUT 60\n[own]\nKEY x\n',
  );
});
afterAll(() => rmSync(home, { recursive: true }));

const ask = async (words: string, world: FakeWorld = {}) => {
  const io = fakeIo({ home, ...world });
  const code = await run(words.split(' '), io);
  const text = io.sent[0]?.datagram ?? new Uint8Array(0);
  const cipher = { passphrase: encodeUtf8('k1'), mode: 'cbc' } as const;
  const found = unsealFwknop(text, cipher, { type: 'sha256', key: encodeUtf8('h1') });
  return { code, io, message: found.ok ? found.value.message : undefined, stdout: io.stdout(), stderr: io.stderr() };
};

describe('spa-client with fwknop’s packets', () => {
  test('a profile of that format, by its name', async () => {
    const { code, io, message, stdout } = await ask('office');
    expect(code).toBe(0);
    expect(io.sent[0]).toMatchObject({ to: { address: '192.0.2.1' }, port: 62_201 });
    expect(message).toMatchObject({ type: 'access', allow: undefined, ports: [{ protocol: 'tcp', first: 22 }] });
    expect(stdout).toBe(
      `asking 192.0.2.1 to open tcp/22 for the address it sees\nsent ${String(io.sent[0]?.datagram.length)} bytes to port 62201 of 192.0.2.1 by udp; nothing is answered, by design\n`,
    );
  });

  test('this host’s own address where that is public', async () => {
    const { message } = await ask('office', { localAddress: '8.8.8.8' });
    expect(message?.allow?.bytes).toEqual(Uint8Array.of(8, 8, 8, 8));
  });

  test.each(['-n lab', 'lab', '--format fwknop lab'])('a stanza of .fwknoprc: %s', async (words) => {
    const { io, message } = await ask(words);
    expect(io.sent[0]?.to.address).toBe('192.0.2.2');
    expect(message).toMatchObject({ type: 'timeout-access', timeout: 60, ports: [{ first: 80 }] });
  });

  test('options over it', async () => {
    const { io, message } = await ask('-n lab -A udp/53 -a 203.0.113.9 -f 2m -p 99 --forward 10.0.0.5:22 192.0.2.9');
    expect(io.sent[0]).toMatchObject({ to: { address: '192.0.2.9' }, port: 99 });
    expect(message).toMatchObject({ type: 'timeout-nat-access', timeout: 120, nat: { host: '10.0.0.5', port: 22 } });
    const local = await ask('-n lab --forward local:8022');
    expect(local.message).toMatchObject({ type: 'timeout-local-nat-access', nat: { host: '192.0.2.2', port: 8022 } });
  });

  test('--dry-run sends nothing; --wait waits', async () => {
    const dry = await ask('office --dry-run');
    expect([dry.code, dry.io.sent]).toEqual([0, []]);
    expect((await ask('office --wait 1s', { tcp: 'open' })).stdout).toMatch(/tcp\/22 is open after/);
    expect(await ask('office --wait 1s', { tcp: 'silent' })).toMatchObject({ code: 3 });
  });

  test.each([
    ['office --close', /--close is not for fwknop's packets/],
    ['office --timeout 5', /--timeout is not for fwknop's packets/],
    ['office --server x', /--server is not for fwknop's packets/],
    ['office -A tcp/22-25', /no ranges of ports/],
    ['office -a 8.8.8.8,8.8.4.4', /names one address/],
    ['--format fwknop own', /is for packets of our own/],
    ['--format native lab', /there is no profile for "lab"/],
    ['nobody', /there is no profile for "nobody"/],
    ['--format other x', /one of: native, fwknop/],
  ])('%s', async (words, sentence) => {
    const { code, io, stderr } = await ask(words);
    expect([code, io.sent]).toEqual([2, []]);
    expect(stderr).toMatch(sentence);
  });
});
