import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type UnixMs, unixMs } from '../../../../src/base/units.ts';
import { claimsOf } from '../../../../src/spa/fwknop/claim.ts';
import { FwknopGate, type GateRefusal, type Passed } from '../../../../src/spa/fwknop/gate.ts';
import type { FwknopDigest } from '../../../../src/spa/fwknop/key.ts';
import { type TrialKey, TrialTable } from '../../../../src/spa/fwknop/trials.ts';
import { ascii, cidr, hex, ip } from '../../values.ts';
import { RAW_PACKETS, TEXTS } from './captured.ts';

const NOW = unixMs(1_795_175_774_000);
const SALT = 0x1234_5678;
const ANY = [cidr('0.0.0.0/0'), cidr('::/0')];
const CLIENT = ip('192.0.2.1');

const keyOf = (type: FwknopDigest, key: string, fields: Partial<TrialKey> = {}): TrialKey => ({
  ...{ hmac: { type, key: ascii(key) }, sources: ANY, rijndael: true, gpg: false },
  ...fields,
});

const gateOf = (keys: readonly TrialKey[], unkeyed?: { rijndael: boolean; gpg: boolean }): FwknopGate =>
  new FwknopGate({ keys, unkeyed: unkeyed === undefined ? undefined : { ...unkeyed, sources: ANY } }, { salt: SALT });

const check = (gate: FwknopGate, text: string, source = CLIENT): Passed | GateRefusal =>
  gate.check(ascii(text), source, NOW);

describe('the real client’s packets', () => {
  test.each([
    ['md5', 0],
    ['sha256', 1],
    ['sha512', 2],
    ['sha3_512', 3],
  ] as const)('with %s are known by their key among keys of all types', (name, number) => {
    const keys = (['md5', 'sha256', 'sha512', 'sha3_512'] as const).map((type) => keyOf(type, 'hmackey'));
    expect(check(gateOf([...keys, keyOf('sha256', 'another')]), TEXTS[name])).toEqual({ key: number });
  });

  test('of GPG are known where the key is for GPG, and nowhere else', () => {
    expect(check(gateOf([keyOf('sha256', 'hmackey', { gpg: true, rijndael: false })]), TEXTS.gpg_sha256)).toEqual({
      key: 0,
    });
    expect(check(gateOf([keyOf('sha256', 'hmackey')]), TEXTS.gpg_sha256)).toBe('no-key-matched');
  });

  test('without HMAC pass where a stanza takes them, as long as they are sealed as it says', () => {
    const keys = [keyOf('sha256', 'hmackey')];
    expect(check(gateOf(keys), TEXTS.none)).toBe('no-key-matched');
    expect(check(gateOf(keys, { rijndael: true, gpg: false }), TEXTS.none)).toEqual({ key: undefined });
    expect(check(gateOf(keys, { rijndael: false, gpg: true }), TEXTS.none)).toBe('no-key-matched');
    expect(check(gateOf([], { rijndael: false, gpg: true }), TEXTS.gpg_none)).toEqual({ key: undefined });
    expect(check(gateOf([], { rijndael: true, gpg: false }), TEXTS.gpg_none)).toBe('no-key-matched');
  });

  test('of raw sockets', () => {
    const packet = Buffer.from(hex(RAW_PACKETS.udpraw_spoofed)).toString('latin1');
    expect(check(gateOf([keyOf('sha256', 'hmackey')]), packet.slice(28))).toEqual({ key: 0 });
  });
});

describe('refuses', () => {
  const gate = gateOf([keyOf('sha256', 'hmackey', { sources: [cidr('192.0.2.0/24')] })], {
    rijndael: false,
    gpg: true,
  });
  const text = TEXTS.sha256;

  test.each([
    ['wrong-size', ''],
    ['wrong-size', text.slice(0, 139)],
    ['wrong-size', '8'.repeat(1501)],
    ['refused-prefix', `U2FsdGVkX1${text}`],
    ['bad-alphabet', `${text.slice(0, -1)}=`],
    ['bad-alphabet', `${text.slice(0, -1)}\n`],
    ['no-key-matched', text.slice(1)],
    ['no-key-matched', text.slice(0, -1)],
    ['no-key-matched', `A${text.slice(1)}`],
    ['no-key-matched', `${text.slice(0, -1)}${text.endsWith('A') ? 'B' : 'A'}`],
  ] as const)('%s', (reason, wrong) => {
    expect(check(gate, wrong)).toBe(reason);
  });

  test('each change of one letter', () => {
    for (let at = 0; at < text.length; at += 1) {
      const other = text[at] === 'B' ? 'C' : 'B';
      expect(check(gate, text.slice(0, at) + other + text.slice(at + 1))).toBe('no-key-matched');
    }
  });

  test('sources that no stanza takes, before any trial', () => {
    expect(check(gate, text, ip('198.51.100.1'))).toBe('source-not-allowed');
    expect(check(gate, text, ip('2001:db8::1'))).toBe('source-not-allowed');
    expect(check(gate, text)).toEqual({ key: 0 });
  });
});

test('a Rijndael text is told by its first letter and its length before any key is tried', () => {
  const likely = Array.from({ length: 300 }, (_, index) => index + 100).filter(
    (length) =>
      claimsOf(ascii('/'.repeat(length - 43) + 'A'.repeat(43)), 43, { rijndael: true, gpg: false }).length > 0,
  );
  // Of n blocks behind the salt's one: ceil(16(n + 1) * 4 / 3) letters, less 10 of the prefix, and 43 of the HMAC.
  const expected = Array.from({ length: 20 }, (_, n) => Math.ceil((16 * (n + 1) * 4) / 3) - 10 + 43);
  expect(likely).toEqual(expected.filter((length) => length >= 100 && length < 400));
});

/** A text in the right shape for SHA-256; the HMAC is that of `key`, or random. Made without the program's own code. */
const textFor = (key?: string): string => {
  const sealed = Buffer.concat([Buffer.from('Salted__'), randomBytes(8 + 96)])
    .toString('base64')
    .replaceAll('=', '');
  const mac = key === undefined ? randomBytes(32) : createHmac('sha256', key).update(sealed).digest();
  return sealed.slice(10) + mac.toString('base64').replaceAll('=', '');
};

describe('a budget for trials', () => {
  const KEYS = 500;
  const UNITS = 5000;
  const keys = Array.from({ length: KEYS }, (_, index) => keyOf('sha256', `key ${String(index)}`));
  const table = (): TrialTable => new TrialTable(keys, { salt: SALT, unitsPerSecond: UNITS });
  const find = (one: TrialTable, source: string, now: UnixMs, key?: number): number | string =>
    one.find(ascii(textFor(key === undefined ? undefined : `key ${String(key)}`)), ip(source), now);
  /** Junk from one source, at one moment, until there is nothing left for it. */
  const exhaust = (one: TrialTable, source: string, now = NOW): number => {
    for (let count = 0; count < 1000; count += 1) if (find(one, source, now) === 'over-budget') return count;
    return Number.POSITIVE_INFINITY;
  };

  test('ends junk that looks right, and comes again', () => {
    const one = table();
    expect(exhaust(one, '198.51.100.1')).toBeLessThan(10);
    expect(find(one, '198.51.100.1', NOW)).toBe('over-budget');
    expect(find(one, '198.51.100.1', unixMs(NOW + 1000))).toBe('no-key-matched');
  });

  test('of one loud network leaves the others theirs: a whole search each', () => {
    const one = table();
    exhaust(one, '198.51.100.1');
    expect(find(one, '198.51.100.77', NOW, 499)).toBe('over-budget');
    expect(find(one, '203.0.113.1', NOW, 499)).toBe(499);
    expect(find(one, '2001:db8::1', NOW, 0)).toBe(0);
  });

  test('is nothing to a source that is known', () => {
    const one = table();
    expect(find(one, '192.0.2.1', NOW, 250)).toBe(250);
    for (let network = 1; network < 60; network += 1) exhaust(one, `198.51.${String(network)}.1`);
    expect(find(one, '203.0.113.1', NOW, 250)).toBe('over-budget');
    expect(find(one, '192.0.2.1', NOW, 250)).toBe(250);
  });

  test('that is short is spent on other keys each time, so that none waits for ever', () => {
    const one = table();
    let now: number = NOW;
    for (let network = 1; network < 60; network += 1) exhaust(one, `198.51.${String(network)}.1`, unixMs(now));
    const opened = Array.from({ length: 200 }, () => {
      // Half a search a step, and twice as much junk as that.
      now += (1000 * KEYS) / UNITS / 2;
      find(one, `198.51.${String(((now / 50) % 60) | 0)}.1`, unixMs(now));
      return find(one, '203.0.113.1', unixMs(now), 123);
    });
    expect(opened).toContain(123);
  });

  test('does not come from a clock that steps back, and comes once from one that steps ahead', () => {
    const one = table();
    exhaust(one, '198.51.100.1');
    expect(find(one, '198.51.100.1', unixMs(NOW - 86_400_000))).toBe('over-budget');
    expect(exhaust(one, '198.51.100.1', unixMs(NOW + 86_400_000))).toBeLessThan(10);
  });
});
