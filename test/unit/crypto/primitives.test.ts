import { describe, expect, test } from 'vitest';
import { NONCE_LENGTH, openBox, sealBox, TAG_LENGTH } from '../../../src/crypto/aead.ts';
import { sha256 } from '../../../src/crypto/digest.ts';
import { HmacKey, MAC_LENGTH } from '../../../src/crypto/hmac.ts';
import { deriveKey } from '../../../src/crypto/kdf.ts';
import { ascii, hex, toHex } from '../values.ts';

// RFC 4231 section 4; case 5 fixes the first 16 bytes only.
const HMAC = [
  ['1', '0b'.repeat(20), toHex(ascii('Hi There')), 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
  [
    '2',
    toHex(ascii('Jefe')),
    toHex(ascii('what do ya want for nothing?')),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  ['3', 'aa'.repeat(20), 'dd'.repeat(50), '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe'],
  [
    '4',
    '0102030405060708090a0b0c0d0e0f10111213141516171819',
    'cd'.repeat(50),
    '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
  ],
  ['5', '0c'.repeat(20), toHex(ascii('Test With Truncation')), 'a3b6167473100ee06e0c796c2955552b'],
  [
    '6',
    'aa'.repeat(131),
    toHex(ascii('Test Using Larger Than Block-Size Key - Hash Key First')),
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  ],
  [
    '7',
    'aa'.repeat(131),
    toHex(
      ascii(
        'This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.',
      ),
    ),
    '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
  ],
] as const;

describe('HMAC-SHA256 (RFC 4231)', () => {
  test.each(HMAC)('case %s', (_, key, message, mac) => {
    expect(toHex(new HmacKey(hex(key)).mac(hex(message))).slice(0, mac.length)).toBe(mac);
  });

  test('one key makes many MACs, none of which changes the next', () => {
    const key = new HmacKey(hex('0b'.repeat(20)));
    const first = key.mac(ascii('Hi There'));
    key.mac(new Uint8Array(0));
    key.mac(new Uint8Array(1000).fill(7));
    expect(key.mac(ascii('Hi There'))).toEqual(first);
    expect(first.length).toBe(MAC_LENGTH);
  });

  test('a later change of the key bytes does not change the key', () => {
    const bytes = hex('0b'.repeat(20));
    const key = new HmacKey(bytes);
    bytes.fill(0);
    expect(toHex(key.mac(ascii('Hi There')))).toBe(HMAC[0][3]);
  });
});

// RFC 5869 appendix A.3 (the salt is empty; A.1 and A.2 have one, which this program never uses).
test('HKDF-SHA256 (RFC 5869, A.3)', () => {
  const okm = '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8';
  expect(toHex(deriveKey(hex('0b'.repeat(22)), new Uint8Array(0), 42))).toBe(okm);
});

// FIPS 180-4's examples.
test.each([
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
])('SHA-256 of %j', (text, digest) => {
  expect(toHex(sha256(ascii(text)))).toBe(digest);
});

describe('XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03, A.3.1)', () => {
  const key = hex('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f');
  const nonce = hex('404142434445464748494a4b4c4d4e4f5051525354555657');
  const aad = hex('50515253c0c1c2c3c4c5c6c7');
  const plain = ascii(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
  );
  const box = hex(`
    bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb
    731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452
    2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9
    21f9664c97637da9768812f615c68b13b52e
    c0875924c1c7987947deafd8780acf49`);

  test('seals and opens the vector', () => {
    expect(toHex(sealBox(key, nonce, aad, plain))).toBe(toHex(box));
    expect(openBox(key, nonce, aad, box)).toEqual(plain);
    expect([nonce.length, box.length - plain.length]).toEqual([NONCE_LENGTH, TAG_LENGTH]);
  });

  test('nothing that is changed in any byte opens', () => {
    const flipped = (bytes: Uint8Array, index: number): Uint8Array => bytes.map((b, i) => (i === index ? b ^ 1 : b));
    for (let index = 0; index < box.length; index += 1)
      expect(openBox(key, nonce, aad, flipped(box, index))).toBeUndefined();
    for (let index = 0; index < 24; index += 1) expect(openBox(key, flipped(nonce, index), aad, box)).toBeUndefined();
    for (let index = 0; index < 12; index += 1) expect(openBox(key, nonce, flipped(aad, index), box)).toBeUndefined();
    for (let index = 0; index < 32; index += 1) expect(openBox(flipped(key, index), nonce, aad, box)).toBeUndefined();
  });

  test('boxes too short for a tag do not open, and do not throw', () => {
    for (let length = 0; length < 17; length += 1)
      expect(openBox(key, nonce, aad, box.subarray(0, length))).toBeUndefined();
  });
});
