import { describe, expect, test } from 'vitest';
import { unixMs } from '../../../../src/base/units.ts';
import { HmacKey } from '../../../../src/crypto/hmac.ts';
import { Secret } from '../../../../src/crypto/secret.ts';
import { deriveNativeKey, hintOf, isServerName, windowOf } from '../../../../src/spa/native/keys.ts';
import { BODY_SIZES, DATAGRAM_SIZES } from '../../../../src/spa/native/layout.ts';
import { hex, present, toHex } from '../../values.ts';

test('the sizes of section 4', () => {
  expect(BODY_SIZES).toEqual([96, 352, 1120]);
  expect(DATAGRAM_SIZES).toEqual([176, 432, 1200]);
});

describe('server names', () => {
  test.each(['g', 'gw1', 'gate.example.net', 'Büro', '日本', 'x'.repeat(64), 'a b', 'é'.repeat(32)])('%s', (name) => {
    expect(isServerName(name)).toBe(true);
  });
  test.each([
    ['empty', ''],
    ['65 bytes', 'x'.repeat(65)],
    ['66 bytes in 33 letters', 'é'.repeat(33)],
    ['a line break', 'a\nb'],
    ['NUL', 'a\0b'],
    ['DEL', 'a\u007f'],
    ['a C1 control', 'a\u0085b'],
    ['a lone surrogate', 'a\ud800'],
  ])('not %s', (_, name) => {
    expect(isServerName(name)).toBe(false);
  });
});

// docs/native-packet.md, section 11.
describe('the worked example', () => {
  const secret = present(Secret.fromBase64('Ioi/3epz4xV+aNBVmpUOr2uATmL0y94UXKxlo1V180E='));

  test.each([
    ['hint', '2cc3c622619f91ec9784320b96f5443b1877aad0ebb3841f41d04c580073ed0b'],
    ['mac', '5d7816c41488ff710b7dfe0e0c69de6384ae0aa2b96ef34b8781509211164dc8'],
    ['seal', 'c4f983ef661221dc192e5050fc22e08f4dc60b804550e0c1afebbe3e1777d7a8'],
  ] as const)('%s key', (label, key) => {
    expect(toHex(deriveNativeKey(secret, 'gate.example.net', label))).toBe(key);
  });

  test('window and hint', () => {
    expect(windowOf(unixMs(1_767_225_628_766))).toBe(29_453_760);
    const key = new HmacKey(hex('2cc3c622619f91ec9784320b96f5443b1877aad0ebb3841f41d04c580073ed0b'));
    expect(toHex(hintOf(key, 29_453_760))).toBe('5077e96851f53fcb');
  });

  test('another server name, in another case, is another key', () => {
    expect(toHex(deriveNativeKey(secret, 'Gate.example.net', 'mac'))).not.toContain('5d7816c4');
  });
});

test('a window is a whole minute', () => {
  expect([0, 59_999, 60_000, -1].map((time) => windowOf(unixMs(time)))).toEqual([0, 0, 1, -1]);
});
