import { describe, expect, test } from 'vitest';
import type { FwknopCipherKey, FwknopHmacKey } from '../../../../src/spa/fwknop/key.ts';
import { encodeFields } from '../../../../src/spa/fwknop/fields.ts';
import { sealFwknop } from '../../../../src/spa/fwknop/seal.ts';
import { replayKeyOf, unsealFwknop } from '../../../../src/spa/fwknop/unseal.ts';
import { ascii, ip, present, toHex } from '../../values.ts';
import { messageWith } from './messages.ts';

const PLAIN = encodeFields(messageWith(), 'sha256');
const SALT = ascii('saltsalt');
const cipher = (length = 32): FwknopCipherKey => ({ passphrase: new Uint8Array(length).fill(7), mode: 'cbc' });
const hmac = (length: number): FwknopHmacKey => ({ type: 'sha256', key: new Uint8Array(length).fill(9) });

describe('sealing', () => {
  test.each([0, 33])('not with a passphrase of %d bytes', (length) => {
    expect(() => sealFwknop(PLAIN, cipher(length), undefined, SALT)).toThrow(
      `the key has ${String(length)} bytes; fwknop takes 1 to 32`,
    );
  });

  test.each([0, 129])('not with an HMAC key of %d bytes', (length) => {
    expect(() => sealFwknop(PLAIN, cipher(), hmac(length), SALT)).toThrow('fwknop takes 1 to 128');
  });

  test.each([7, 9])('not with %d bytes of salt', (length) => {
    expect(() => sealFwknop(PLAIN, cipher(), undefined, new Uint8Array(length))).toThrow(RangeError);
  });

  test('no packet that nobody looks at, nor one that is too long', () => {
    const short = encodeFields(
      messageWith({ user: 'a', allow: ip('1.1.1.1'), type: 'command', ports: [], command: 'x' }),
      'md5',
    );
    // 74 characters in 5 blocks and 16 bytes of head: 128 letters of base64, of which 10 are taken off.
    expect(() => sealFwknop(short, cipher(), undefined, SALT)).toThrow(
      '118 letters, and servers look at none below 140',
    );
    expect(sealFwknop(short, cipher(), hmac(32), SALT)).toHaveLength(161);
    expect(() => sealFwknop('1'.repeat(1499), cipher(), undefined, SALT)).toThrow('it can have 1500');
  });

  test('the salt is all that makes two packets differ', () => {
    const texts = ['saltsalt', 'saltsalu'].map((salt) => sealFwknop(PLAIN, cipher(), hmac(32), ascii(salt)));
    expect(new Set(texts).size).toBe(2);
    expect(sealFwknop(PLAIN, cipher(), hmac(32), SALT)).toBe(texts[0]);
  });
});

describe('the replay key', () => {
  test('is that of the plain text', () => {
    // printf abc | sha256sum
    expect(toHex(replayKeyOf(ascii('abc')))).toBe('ba7816bf8f01cfea414140de5dae2223');
  });

  test('is one for the two texts that a legacy packet of whole blocks has', () => {
    const plain = present(
      Array.from({ length: 8 }, (_, index) => messageWith({ user: 'abcdef', version: '3'.repeat(index + 1) }))
        .flatMap((message) => [message, { ...message, user: 'abcdefabcdef' }])
        .map((message) => encodeFields(message, 'sha256'))
        .find((text) => text.length % 16 === 0),
    );
    const key: FwknopCipherKey = { passphrase: ascii('old'), mode: 'legacy' };
    const text = sealFwknop(plain, key, undefined, SALT);
    const withoutPadding = Buffer.from(`U2FsdGVkX1${text}`, 'base64').subarray(0, 16 + plain.length);
    const other = withoutPadding.toString('base64').replace(/=+$/, '').slice(10);
    expect(other).not.toBe(text);
    for (const one of [text, other]) {
      const read = unsealFwknop(ascii(one), key, undefined);
      expect(read.ok && toHex(replayKeyOf(read.value.plain))).toBe(toHex(replayKeyOf(ascii(plain))));
    }
  });
});
