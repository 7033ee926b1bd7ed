import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PortSpec } from '../../src/base/port-spec.ts';
import { seconds, unixMs } from '../../src/base/units.ts';
import { isUnspecified } from '../../src/base/address.ts';
import { decodeFields, encodeFields } from '../../src/spa/fwknop/fields.ts';
import { FWKNOP_DIGESTS, FWKNOP_MODES, type FwknopCipherKey, type FwknopHmacKey } from '../../src/spa/fwknop/key.ts';
import { FwknopMac } from '../../src/spa/fwknop/mac.ts';
import { FWKNOP_TYPES, type FwknopMessage, type FwknopType } from '../../src/spa/fwknop/message.ts';
import { sealFwknop } from '../../src/spa/fwknop/seal.ts';
import { unsealFwknop } from '../../src/spa/fwknop/unseal.ts';
import { messageWith } from '../unit/spa/fwknop/messages.ts';
import { ascii } from '../unit/values.ts';
import { address, bytes, port } from './arbitraries.ts';

const letters = (alphabet: string, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...Array.from(alphabet)), minLength: 1, maxLength });

const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(0x20 + index)).join('');
const without = (text: string, gone: string): string =>
  Array.from(text, (char) => (gone.includes(char) ? '' : char)).join('');

const single: fc.Arbitrary<PortSpec> = fc
  .record({ protocol: fc.constantFrom('tcp' as const, 'udp' as const), at: port })
  .map(({ protocol, at }) => ({ protocol, first: at, last: at }));

const command = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
  .filter((text) => !/[\u0000-\u001f\u007f]/.test(text) && Buffer.byteLength(text) < 150);

const hasNat = (type: FwknopType): boolean => type.includes('nat');
const hasTimeout = (type: FwknopType): boolean => type.startsWith('timeout');

/** Any message that can be sent. */
const message: fc.Arbitrary<FwknopMessage> = fc
  .record({
    random: fc.stringMatching(/^[0-9]{16}$/),
    user: letters(without(printable, '"/\\[]:;|=,+*?<>'), 48),
    time: fc
      .oneof(fc.integer({ min: 0, max: 999_999_999_999 }), fc.nat(2 ** 32 + 10))
      .map((value) => unixMs(value * 1000)),
    version: letters(without(printable, ':'), 8),
    type: fc.constantFrom(...FWKNOP_TYPES),
    allow: fc.option(
      address.filter((one) => !isUnspecified(one)),
      { nil: undefined },
    ),
    ports: fc.array(single, { minLength: 1, maxLength: 15 }),
    command,
    nat: fc.record({ host: letters('abcXYZ019._:-', 70), port }),
    serverAuth: fc.option(letters(printable, 192), { nil: undefined }),
    timeout: fc.integer({ min: 0, max: 65_536 }).map(seconds),
  })
  .map((all) => ({
    ...all,
    ports: all.type === 'command' ? [] : all.ports,
    command: all.type === 'command' ? all.command : '',
    nat: hasNat(all.type) ? all.nat : undefined,
    timeout: hasTimeout(all.type) ? all.timeout : undefined,
  }));

const digest = fc.constantFrom(...FWKNOP_DIGESTS);
const cipher: fc.Arbitrary<FwknopCipherKey> = fc.record({
  passphrase: fc.uint8Array({ minLength: 1, maxLength: 32 }),
  mode: fc.constantFrom(...FWKNOP_MODES),
});
const hmac: fc.Arbitrary<FwknopHmacKey> = fc.record({
  type: digest,
  key: fc.uint8Array({ minLength: 1, maxLength: 128 }),
});

describe('fields', () => {
  test('are read as they were written', () => {
    fc.assert(
      fc.property(message, digest, (wish, type) => {
        expect(decodeFields(ascii(encodeFields(wish, type)))).toEqual({ ok: true, value: wish });
      }),
      { numRuns: 300 },
    );
  });

  test('with any letter changed are refused', () => {
    fc.assert(
      fc.property(message, digest, fc.nat(), fc.integer({ min: 1, max: 255 }), (wish, type, place, change) => {
        const plain = ascii(encodeFields(wish, type));
        plain[place % plain.length] = (plain[place % plain.length] ?? 0) ^ change;
        expect(decodeFields(plain).ok).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});

describe('texts', () => {
  test('are opened by the keys that sealed them', () => {
    fc.assert(
      fc.property(
        message,
        digest,
        cipher,
        fc.option(hmac, { nil: undefined }),
        bytes(8),
        (wish, type, key, mac, salt) => {
          const plain = encodeFields(wish, type);
          // What is shorter than 140 letters is not sealed at all.
          fc.pre(plain.length > 90 || mac !== undefined);
          const text = ascii(sealFwknop(plain, key, mac, salt));
          expect(unsealFwknop(text, key, mac)).toEqual({ ok: true, value: { message: wish, plain: ascii(plain) } });
          if (mac !== undefined) expect(new FwknopMac(mac).matches(text)).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('are opened by no other', () => {
    fc.assert(
      fc.property(message, cipher, cipher, hmac, hmac, bytes(8), (wish, key, otherKey, mac, otherMac, salt) => {
        const text = ascii(sealFwknop(encodeFields(wish, 'sha512'), key, mac, salt));
        const padded = (one: FwknopHmacKey) =>
          `${one.type} ${Buffer.from(one.key)
            .toString('hex')
            .replace(/(?:00)+$/, '')}`;
        // HMAC fills keys up with zeros, so that two keys can be one.
        if (padded(mac) !== padded(otherMac)) expect(new FwknopMac(otherMac).matches(text)).toBe(false);
        if (
          !Buffer.from(key.passphrase).equals(otherKey.passphrase) &&
          key.mode !== 'legacy' &&
          otherKey.mode !== 'legacy'
        ) {
          expect(unsealFwknop(text, otherKey, mac).ok).toBe(false);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('a packet with any bit changed is refused', () => {
  const key = (mode: FwknopCipherKey['mode']): FwknopCipherKey => ({ passphrase: ascii('a passphrase'), mode });
  const flips = function* (text: Uint8Array): Generator<Uint8Array> {
    for (let bit = 0; bit < 8 * text.length; bit += 1) {
      yield text.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
    }
  };

  test.each(FWKNOP_DIGESTS)('HMAC %s', (type) => {
    const mac = { type, key: ascii('another key') };
    const text = ascii(sealFwknop(encodeFields(messageWith(), 'sha256'), key('cbc'), mac, ascii('saltsalt')));
    const gate = new FwknopMac(mac);
    expect(unsealFwknop(text, key('cbc'), mac).ok).toBe(true);
    for (const flipped of flips(text)) expect(gate.matches(flipped)).toBe(false);
  });

  test.each(FWKNOP_MODES)('no HMAC, mode %s', (mode) => {
    // One letter of user after the other, so that unused bits and padding are of several numbers.
    for (let count = 1; count <= 11; count += 5) {
      const plain = encodeFields(messageWith({ user: 'u'.repeat(count) }), 'sha256');
      const text = ascii(sealFwknop(plain, key(mode), undefined, ascii('saltsalt')));
      expect(unsealFwknop(text, key(mode), undefined).ok).toBe(true);
      for (const flipped of flips(text)) expect(unsealFwknop(flipped, key(mode), undefined).ok).toBe(false);
    }
  });
});
