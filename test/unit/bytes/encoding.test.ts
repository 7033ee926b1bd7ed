import { describe, expect, test } from 'vitest';
import {
  bytesKey,
  decodeBase64,
  decodeHex,
  decodeUtf8,
  encodeBase64,
  encodeHex,
  encodeUtf8,
} from '../../../src/bytes/encoding.ts';
import { ascii, hex, present, toHex } from '../values.ts';

// RFC 4648 section 10.
const RFC4648 = [
  ['', '', ''],
  ['f', 'Zg==', '66'],
  ['fo', 'Zm8=', '666f'],
  ['foo', 'Zm9v', '666f6f'],
  ['foob', 'Zm9vYg==', '666f6f62'],
  ['fooba', 'Zm9vYmE=', '666f6f6261'],
  ['foobar', 'Zm9vYmFy', '666f6f626172'],
] as const;

describe('base64', () => {
  test.each(RFC4648)('%j', (text, base64) => {
    expect(encodeBase64(ascii(text))).toBe(base64);
    expect(decodeBase64(base64)).toEqual(ascii(text));
  });

  test('the whole alphabet (RFC 4648, table 1)', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    expect(encodeBase64(present(decodeBase64(alphabet)))).toBe(alphabet);
    expect(toHex(present(decodeBase64('+/+/')))).toBe('fbffbf');
  });

  test.each([
    ['unpadded', 'Zg'],
    ['padded short', 'Zg='],
    ['padded too much', 'Zg==='],
    ['padding alone', '===='],
    ['padding inside', 'Zg==Zm8='],
    ['one letter', 'Z==='],
    ['unused bits set', 'Zh=='],
    ['unused bits set', 'Zm9='],
    ['white space', 'Zm9v '],
    ['a line break', 'Zm9v\nZm9v'],
    ['the URL alphabet', '-_-_'],
    ['letters beyond ASCII', 'Zm9é'],
    ['a full-width letter', 'Ｚm9v'],
  ])('%s: refused', (_, text) => {
    expect(decodeBase64(text)).toBeUndefined();
  });
});

describe('hexadecimal', () => {
  test.each(RFC4648)('%j', (text, _, digits) => {
    expect(encodeHex(ascii(text))).toBe(digits);
    expect(decodeHex(digits)).toEqual(ascii(text));
  });

  test.each(['0', '0g', 'AB', ' ab', 'ab ', '0x00', 'a\n', '٠٠'])('%j: refused', (text) => {
    expect(decodeHex(text)).toBeUndefined();
  });
});

describe('UTF-8', () => {
  // RFC 3629 section 7.
  test.each([
    ['A≢Α.', '41e289a2ce912e'],
    ['한국어', 'ed959ceab5adec96b4'],
    ['日本語', 'e697a5e69cace8aa9e'],
    ['\ufeff𣎴', 'efbbbff0a38eb4'],
  ])('%s', (text, bytes) => {
    expect(toHex(encodeUtf8(text))).toBe(bytes);
    expect(decodeUtf8(hex(bytes))).toBe(text);
  });

  // RFC 3629 sections 3 and 10.
  test.each([
    ['an overlong NUL', 'c080'],
    ['an overlong slash', 'c0af'],
    ['an overlong slash of three bytes', 'e080af'],
    ['an overlong slash of four bytes', 'f08080af'],
    ['a surrogate', 'eda080'],
    ['a surrogate pair (CESU-8)', 'eda180edbeb4'],
    ['beyond U+10FFFF', 'f4908080'],
    ['five bytes', 'f888808080'],
    ['a continuation alone', '80'],
    ['cut short', 'e282'],
    ['0xff', 'ff'],
  ])('%s: refused', (_, bytes) => {
    expect(decodeUtf8(hex(bytes))).toBeUndefined();
  });
});

test('the key of bytes tells every two apart', () => {
  expect(bytesKey(hex('00ff80'))).toBe('\u0000\u00ff\u0080');
  expect(new Set(Array.from({ length: 256 }, (_, value) => bytesKey(Uint8Array.of(value)))).size).toBe(256);
});
