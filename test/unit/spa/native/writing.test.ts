/** What cannot be written is refused with words that say which rule it breaks: who calls is a program of ours. */
import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Cidr } from '../../../../src/base/address.ts';
import { seconds, unixMs } from '../../../../src/base/units.ts';
import { HmacKey } from '../../../../src/crypto/hmac.ts';
import { NOBLE } from '../../../../src/crypto/suite.ts';
import { addressesAreCanonical, encodeBody } from '../../../../src/spa/native/body.ts';
import { codeOwnerOf, formatCodeRange, sealCode } from '../../../../src/spa/native/code.ts';
import { deriveNativeKey } from '../../../../src/spa/native/keys.ts';
import { openReply, type Reply, sealReply } from '../../../../src/spa/native/reply.ts';
import type { SpaRequest } from '../../../../src/spa/request.ts';
import { cidr, hex, ip, portOf, requestOf, secretOf, specs } from '../../values.ts';

describe('a request', () => {
  const odd = (count: number): string =>
    Array.from({ length: count }, (_, index) => `tcp/${String(1 + 2 * index)}`).join(' ');
  test.each<[string, Partial<SpaRequest>, string]>([
    ['a fraction of a millisecond', { time: unixMs(0.5) }, 'the time is not a Unix time in ms'],
    ['before 1970', { time: unixMs(-1) }, 'the time is not a Unix time in ms'],
    ['half a second', { openFor: seconds(1.5) }, 'the time to stay open is not a whole number of seconds below 2^32'],
    ['136 years', { openFor: seconds(2 ** 32) }, 'the time to stay open is not a whole number of seconds below 2^32'],
    [
      'in disorder',
      { addresses: [cidr('10.0.0.2'), cidr('10.0.0.1')] },
      'addresses must be at most 2, ordered, distinct',
    ],
    ['17 ports', { ports: specs(odd(17)) }, 'ports must be at most 16 ranges, ordered and merged'],
    [
      'to nowhere',
      { forward: { kind: 'address', address: ip('0.0.0.0'), port: portOf(1) } },
      'the forward address is not a host',
    ],
    [
      'a command of another type',
      { command: 'x' },
      'a command needs the type "command" and one line of text, and no other type may bear one',
    ],
    [
      'a command that is too long',
      { type: 'command', command: 'x'.repeat(1101) },
      'the request needs 1121 bytes, a packet holds 1120',
    ],
  ])('%s', (_, wrong, words) => {
    expect(() => encodeBody(requestOf(wrong))).toThrow(new RangeError(words));
  });

  test('a network of less than no bits is none', () => {
    const everything: Cidr = { address: ip('0.0.0.0'), prefix: 0 };
    expect(addressesAreCanonical([everything])).toBe(true);
    expect(addressesAreCanonical([{ ...everything, prefix: -1 }])).toBe(false);
  });
});

describe('a code', () => {
  test.each([0, 1.5, 2 ** 32])('of number %d', (number) => {
    expect(() => sealCode(number, requestOf({}), secretOf(1), 'gw1')).toThrow(
      new RangeError(`${String(number)} is no number of a code`),
    );
  });

  test('of a wish that takes the next size', () => {
    const wish = requestOf({ type: 'command', command: 'x'.repeat(77) });
    expect(() => sealCode(1, wish, secretOf(1), 'gw1')).toThrow(
      new RangeError('a code has room for a body of 96 bytes'),
    );
  });

  test('numbers are written as one, or as both ends', () => {
    expect([formatCodeRange({ first: 8, last: 8 }), formatCodeRange({ first: 1, last: 8 })]).toEqual(['8', '1-8']);
  });

  test('its owner is the first half of an HMAC over that word', () => {
    const key = deriveNativeKey(secretOf(1), 'gw1', 'code');
    const expected = createHmac('sha256', key).update('owner').digest().subarray(0, 16);
    expect(Buffer.from(codeOwnerOf(new HmacKey(key)))).toEqual(expected);
  });
});

describe('a reply', () => {
  const reply: Reply = {
    outcome: { status: 'opened', ends: unixMs(2000) },
    time: unixMs(1000),
    source: ip('192.0.2.7'),
    sourcePort: portOf(40_000),
  };
  const [key, mac, nonce] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2), new Uint8Array(24).fill(3)];
  test.each<[string, Partial<Reply>, string]>([
    ['of a fraction of a millisecond', { time: unixMs(0.5) }, 'a time is not a Unix time in ms'],
    ['from before 1970', { time: unixMs(-1) }, 'a time is not a Unix time in ms'],
    [
      'that ends at a fraction',
      { outcome: { status: 'opened', ends: unixMs(0.5) } },
      'a time is not a Unix time in ms',
    ],
    ['that ended before 1970', { outcome: { status: 'opened', ends: unixMs(-1) } }, 'a time is not a Unix time in ms'],
    ['without an end', { outcome: { status: 'opened', ends: unixMs(0) } }, 'what is opened has an end'],
    ['to nobody', { source: ip('::') }, 'the source is not a host'],
  ])('%s', (_, wrong, words) => {
    expect(() => sealReply({ ...reply, ...wrong }, key, mac, nonce)).toThrow(new RangeError(words));
  });

  /** A sealed body that no server of ours writes. */
  const openBody = (fields: string) => {
    const body = new Uint8Array(136);
    body.set(hex(fields));
    const aad = Uint8Array.of(...new TextEncoder().encode('spa1 reply'), ...mac);
    return openReply(Uint8Array.of(...nonce, ...NOBLE.sealBox(key, nonce, aad, body)), key, mac);
  };

  test('whose end is no number that can be counted with is none, whatever its status', () => {
    const [closed, tail] = ['01 02 00 00000000000003e8', '04 c0000207 9c40'];
    expect(openBody(`${closed} 0000000000000000 ${tail}`)).toMatchObject({
      ok: true,
      value: { outcome: { status: 'closed' } },
    });
    expect(openBody(`${closed} ffffffffffffffff ${tail}`)).toEqual({ ok: false, error: 'bad-end' });
  });
});
