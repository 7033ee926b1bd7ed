import { describe, expect, test } from 'vitest';
import {
  bareBase64Length,
  decodeBareBase64,
  encodeBareBase64,
  isBareBase64Alphabet,
} from '../../../src/bytes/bare-base64.ts';
import { ascii, hex } from '../values.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

// RFC 4648 section 10, the padding left out.
test.each([
  ['', ''],
  ['f', 'Zg'],
  ['fo', 'Zm8'],
  ['foo', 'Zm9v'],
  ['foob', 'Zm9vYg'],
  ['fooba', 'Zm9vYmE'],
  ['foobar', 'Zm9vYmFy'],
])('%j is %j', (plain, encoded) => {
  expect(text(encodeBareBase64(ascii(plain)))).toBe(encoded);
  expect(decodeBareBase64(ascii(encoded))).toEqual(ascii(plain));
  expect(bareBase64Length(plain.length)).toBe(encoded.length);
});

test('all 64 letters', () => {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const bytes = hex('00108310518720928b30d38f41149351559761969b71d79f8218a39259a7a29aabb2dbafc31cb3d35db7e39ebbf3dfbf');
  expect(text(encodeBareBase64(bytes))).toBe(letters);
  expect(decodeBareBase64(ascii(letters))).toEqual(bytes);
  expect(isBareBase64Alphabet(ascii(letters))).toBe(true);
});

describe('is not', () => {
  test.each([
    ['padded', 'Zg=='],
    ['half padded', 'Zg='],
    ['of 4n + 1 letters', 'Zm9vY'],
    ['one letter', 'Z'],
    ['with bits left over', 'Zh'],
    ['with bits left over', 'Zm9'],
    ['of the url alphabet', 'Zm-_'],
    ['with white space', 'Zm9v '],
    ['with a newline', 'Zm9v\n'],
    ['with a zero byte', 'Zm9\0'],
    ['with a high byte', 'Zm9\xff'],
  ])('%s: %j', (_, encoded) => {
    expect(decodeBareBase64(ascii(encoded))).toBeUndefined();
  });

  test('any byte but the 64', () => {
    const letters = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) =>
      isBareBase64Alphabet(Uint8Array.of(byte)),
    );
    expect(letters.map((byte) => String.fromCharCode(byte)).join('')).toMatch(/^[A-Za-z0-9+/]{64}$/);
    for (let byte = 0; byte < 256; byte += 1) {
      expect(decodeBareBase64(Uint8Array.of(0x41, 0x41, byte, 0x41)) !== undefined).toBe(letters.includes(byte));
    }
  });
});

test('of two letters, one in sixteen is right; of three, one in four', () => {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const right = (start: string): number =>
    Array.from(letters).filter((letter) => decodeBareBase64(ascii(start + letter)) !== undefined).length;
  expect(right('Z')).toBe(4);
  expect(right('Zm')).toBe(16);
});
