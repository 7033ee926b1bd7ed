/** --resolve and --both: who is asked, what is named in the packet, and what is said. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addressOfPage } from '../../../../client/address/ask-page.ts';
import { sayTranslated } from '../../../../client/address/words.ts';
import { run } from '../../../../client/run.ts';
import { formatAddress, formatCidr, type IpAddress } from '../../../../src/base/address.ts';
import { Secret } from '../../../../src/crypto/secret.ts';
import { deriveUnsealKeys, unsealNative } from '../../../../src/spa/native/unseal.ts';

import { hex, ip as address, toHex } from '../../values.ts';
import { type FakeWorld, fakeIo, networkError, type Seen } from '../fake-io.ts';

const SECRET = 'Ioi/3epz4xV+aNBVmpUOr2uATmL0y94UXKxlo1V180E=';

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'spa-find-'));
  writeFileSync(join(home, 'gw.key'), `${SECRET}\n`, { mode: 0o600 });
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const ask = async (words: string, world: FakeWorld): Promise<Seen & { readonly code: number }> => {
  const io = fakeIo({ home, ...world });
  const key = ['--server', 'gw1', '--key-file', join(home, 'gw.key'), '-A', 'tcp/22', '--no-reply'];
  return { ...io, code: await run([...key, ...words.split(' ')], io) };
};

/** What the last datagram names. */
const named = ({ sent }: Seen): readonly string[] => {
  const keys = deriveUnsealKeys(Secret.fromBase64(SECRET) ?? expect.fail(), 'gw1');
  const unsealed = unsealNative(sent.at(-1)?.datagram ?? new Uint8Array(), keys);
  return unsealed.ok ? unsealed.value.request.addresses.map(formatCidr) : expect.fail(unsealed.error);
};

/** The answer of a STUN server to `request`: RFC 8489, written down here once more. */
const stunAnswer = (request: Uint8Array, seen: IpAddress): Uint8Array => {
  const mask = request.subarray(4, 20);
  const value = [...seen.bytes].map((byte, index) => byte ^ (mask[index] ?? 0));
  const attribute = [0, 0x20, 0, 4 + value.length, 0, seen.family === 4 ? 1 : 2, 0xa1, 0x47, ...value];
  return Uint8Array.of(1, 1, 0, attribute.length, ...mask, ...attribute);
};

const isStun = (datagram: Uint8Array): boolean =>
  datagram.length === 20 && toHex(datagram).startsWith('000100002112a442');

const stunFor =
  (seen: Readonly<Record<number, string>>) =>
  (datagram: Uint8Array, _: number, to: { readonly family: 4 | 6 }): readonly Uint8Array[] =>
    isStun(datagram) ? [stunAnswer(datagram, address(seen[to.family] ?? '0.0.0.0'))] : [];

const NAMES = {
  gw: [
    { address: '198.51.100.1', family: 4 },
    { address: '2001:db8::1', family: 6 },
  ],
  stun: [
    { address: '198.51.100.7', family: 4 },
    { address: '2001:db8::7', family: 6 },
  ],
} as const satisfies FakeWorld['names'];

describe('--resolve stun', () => {
  test('the packet names the address that the STUN server sees, and NAT is said in words', async () => {
    const ran = await ask('--resolve stun:stun gw', { names: NAMES, answer: stunFor({ 4: '203.0.113.9' }) });
    expect(ran.code).toBe(0);
    expect(ran.sent.map(({ to, port }) => `${to.address} ${String(port)}`)).toEqual([
      '198.51.100.7 3478',
      '198.51.100.1 62201',
    ]);
    expect(named(ran)).toEqual(['203.0.113.9']);
    expect(ran.stdout()).toContain('stun:3478 sees this host as 203.0.113.9\n');
    expect(ran.stderr()).toContain("note: this host's address, 192.168.1.5, is translated to 203.0.113.9");
    expect(ran.openSockets()).toBe(0);
  });

  test('by the family that the packet goes by', async () => {
    const world = { names: NAMES, localAddress: '2a00::5', answer: stunFor({ 6: '2a00::9' }) };
    const names = { ...NAMES, gw: NAMES.gw.slice(1), stun: NAMES.stun.slice(1) };
    const ran = await ask('--resolve stun:stun:9999 gw', { ...world, names });
    expect(ran.sent[0]).toMatchObject({ port: 9999, to: { address: '2001:db8::7' } });
    expect(named(ran)).toEqual(['2a00::9']);
  });

  test('the answer to another transaction is none', async () => {
    const strange = (datagram: Uint8Array): readonly Uint8Array[] => {
      if (!isStun(datagram)) return [];
      const right = stunAnswer(datagram, address('203.0.113.9'));
      const forged = stunAnswer(hex(`000100002112a442${'00'.repeat(12)}`), address('6.6.6.6'));
      return [forged, right];
    };
    expect(named(await ask('--resolve stun:stun gw', { names: NAMES, answer: strange }))).toEqual(['203.0.113.9']);
  });

  test('an address that no host can have is refused, and nothing is sent', async () => {
    const ran = await ask('--resolve stun:stun gw', { names: NAMES, answer: stunFor({ 4: '127.0.0.1' }) });
    expect(ran.code).toBe(1);
    expect(ran.stderr()).toContain('stun:3478 told 127.0.0.1, which no remote host can have');
    expect(ran.sent).toHaveLength(1);
  });

  test('no server named: nobody is asked', async () => {
    const ran = await ask('--resolve stun gw', { names: NAMES });
    expect(ran.code).toBe(2);
    expect(ran.stderr()).toContain('which STUN server is to be asked?');
    expect(ran.lookups).toEqual([]);
  });
});

describe('--both', () => {
  test('found by STUN, each by its own family, in canonical order', async () => {
    const answer = stunFor({ 4: '203.0.113.9', 6: '2a00::9' });
    expect(named(await ask('--both --resolve stun:stun gw', { names: NAMES, answer }))).toEqual([
      '203.0.113.9',
      '2a00::9',
    ]);
  });

  test("this host's own, where they are public", async () => {
    const ran = await ask('--both gw', { names: NAMES, localAddresses: { 4: '8.8.8.8', 6: '2a00::5' } });
    expect(named(ran)).toEqual(['8.8.8.8', '2a00::5']);
    expect(ran.stderr()).toBe('');
  });

  test('where one is private, the other alone is named, and that is said', async () => {
    const ran = await ask('--both gw', { names: NAMES, localAddresses: { 4: '192.168.1.5', 6: '2a00::5' } });
    expect(named(ran)).toEqual(['2a00::5']);
    expect(ran.stderr()).toContain("note: this host's IPv4 address, 192.168.1.5, is private");
  });

  test.each(['--both gw', '--both --resolve stun:stun gw'])('%s on a kernel without IPv6', async (words) => {
    const absent = networkError('EAFNOSUPPORT');
    const ran = await ask(words, {
      ...{ names: NAMES, localAddress: '5.9.9.9', answer: stunFor({ 4: '5.9.9.9' }) },
      unroutable: { '2001:db8::1': absent, '2001:db8::7': absent },
    });
    expect(ran.code, ran.stderr()).toBe(0);
    expect(named(ran)).toEqual(['5.9.9.9']);
    expect(ran.stderr()).toContain('it is opened for the other family alone');
  });

  test('neither: nothing is sent', async () => {
    const ran = await ask('--both gw', { names: NAMES, localAddresses: { 4: '192.168.1.5', 6: 'fd00::5' } });
    expect(ran.code).toBe(1);
    expect(ran.stderr()).toContain('neither address was found');
    expect(ran.sent).toEqual([]);
  });
});

test.each([
  ['--resolve reply gw', '--resolve reply needs the answer of the server'],
  ['--both --forward 10.0.0.5:22 gw', 'only one family can be forwarded to 10.0.0.5:22'],
  ['--both -s gw', '--source and --both exclude each other'],
  ['--resolve https gw', 'which page is to be asked?'],
  ['--resolve http://x gw', '--resolve http://x: reply, stun or https'],
  ['--resolve https://user@x gw', '--resolve https://user@x: reply, stun or https'],
  ['--resolve stun:x:0 gw', '--resolve stun:x:0: reply, stun or https'],
])('refused: %s', async (words, sentence) => {
  const ran = await ask(words, {});
  expect(ran.code).toBe(2);
  expect(ran.stderr()).toContain(sentence);
});

describe('a page', () => {
  test.each([
    ['203.0.113.9', '203.0.113.9'],
    ['203.0.113.9\n', '203.0.113.9'],
    ['2A00::0009\r\n', '2a00::9'],
    [' 203.0.113.9', undefined],
    ['203.0.113.9\n\n', undefined],
    ['203.0.113.9, 10.0.0.1', undefined],
    ['{"ip":"203.0.113.9"}', undefined],
    ['203.0.113.09', undefined],
    ['fe80::1%eth0', undefined],
    ['', undefined],
  ])('%j', (body, wanted) => {
    const found = addressOfPage(body);
    expect(found && formatAddress(found)).toBe(wanted);
  });
});

describe('words', () => {
  const say = (local: string, seen: string): string | undefined => sayTranslated(address(local), address(seen));
  test('the same address: none', () => expect(say('192.168.1.5', '192.168.1.5')).toBeUndefined());
  test('carrier-grade NAT is called so, to its last address', () => {
    for (const local of ['100.64.0.0', '100.127.255.255'])
      expect(say(local, '203.0.113.9')).toContain(
        'carrier-grade NAT: your provider lets many customers share 203.0.113.9',
      );
    expect(say('100.128.0.0', '203.0.113.9')).not.toContain('carrier-grade');
  });
  test('another family', () => expect(say('192.168.1.5', '2a00::9')).toContain('translates one family into the other'));
});
