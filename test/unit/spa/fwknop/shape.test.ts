import { describe, expect, test } from 'vitest';
import { FWKNOP_DIGESTS } from '../../../../src/spa/fwknop/key.ts';
import { FwknopMac } from '../../../../src/spa/fwknop/mac.ts';
import {
  checkShape,
  exceedsOldServers,
  hmacLength,
  looksLikeGpg,
  looksSalted,
} from '../../../../src/spa/fwknop/shape.ts';
import { ascii } from '../../values.ts';

const letters = (count: number, start = ''): Uint8Array => ascii(start.padEnd(count, 'A'));

describe('a text', () => {
  test.each([
    [0, 'wrong-size'],
    [139, 'wrong-size'],
    [140, undefined],
    [1500, undefined],
    [1501, 'wrong-size'],
  ])('of %d letters: %s', (count, fault) => {
    expect(checkShape(letters(count))).toBe(fault);
  });

  test.each([
    ['U2FsdGVkX1', 140, 'refused-prefix'],
    ['U2FsdGVkX', 140, undefined],
    ['hQ', 400, undefined],
    ['hQ', 401, 'refused-prefix'],
    ['hF', 401, undefined],
    ['h', 401, undefined],
  ])('that begins with %s, of %d letters: %s', (start, count, fault) => {
    expect(checkShape(letters(count, start))).toBe(fault);
  });

  test('of base64 alone, whichever byte it is that is not', () => {
    for (let byte = 0; byte < 256; byte += 1) {
      const text = letters(200);
      text[150] = byte;
      const isLetter = /[A-Za-z0-9+/]/.test(String.fromCharCode(byte));
      expect(checkShape(text)).toBe(isLetter ? undefined : 'bad-alphabet');
    }
  });
});

test('lengths of HMACs', () => {
  expect(FWKNOP_DIGESTS.map(hmacLength)).toEqual([22, 27, 43, 64, 86, 43, 86]);
});

test('what is salted begins with one of four letters', () => {
  const all = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  expect(
    Array.from(all)
      .filter((letter) => looksSalted(ascii(letter)))
      .join(''),
  ).toBe('89+/');
  expect(looksSalted(ascii(''))).toBe(false);
});

test('what old servers take for the other cipher, or do not capture', () => {
  const at = (count: number) => 'A'.repeat(count);
  expect([399, 400].map((count) => exceedsOldServers(at(count), 'rijndael'))).toEqual([false, true]);
  expect([399, 400, 1458, 1459].map((count) => exceedsOldServers(at(count), 'gpg'))).toEqual([
    true,
    false,
    false,
    true,
  ]);
});

describe('short texts', () => {
  const mac = new FwknopMac({ type: 'sha512', key: ascii('k') });

  test('match no key, and make nothing throw', () => {
    for (let count = 0; count < 140; count += 1) {
      expect(mac.matches(letters(count, '8'))).toBe(false);
      expect(mac.matches(letters(count, 'EMA3'))).toBe(false);
      expect(looksLikeGpg(letters(count, 'EMA3'))).toBe(false);
    }
  });
});
