/** What fwknop's packets need, beside published vectors and the platform's own implementation. */
import { createCipheriv, createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type BlockMode, openBlocks, sealBlocks, withoutPadding } from '../../../src/crypto/block-cipher.ts';
import { digestLength, type DigestName, digestOf } from '../../../src/crypto/digest.ts';
import { macKeyOf } from '../../../src/crypto/hmac.ts';
import { ascii, hex, toHex } from '../values.ts';

/** FIPS 180-4, FIPS 202 and RFC 1321: the digests of "abc". */
const ABC: Readonly<Record<DigestName, string>> = {
  md5: '900150983cd24fb0d6963f7d28e17f72',
  sha1: 'a9993e364706816aba3e25717850c26c9cd0d89d',
  sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  sha384: 'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7',
  sha512:
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  sha3_256: '3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532',
  sha3_512:
    'b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0',
};

const names = Object.keys(ABC) as DigestName[];
const nodeName = (name: DigestName): string => name.replace('_', '-');
const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => (index * 7 + length) & 0xff);

describe.each(names)('%s', (name) => {
  test('of "abc"', () => {
    expect(toHex(digestOf(name, ascii('abc')))).toBe(ABC[name]);
    expect(digestLength(name)).toBe(ABC[name].length / 2);
  });

  test('of every length around its blocks, as the platform says', () => {
    for (let length = 0; length < 300; length += 1) {
      const expected = createHash(nodeName(name)).update(pattern(length)).digest('hex');
      expect(toHex(digestOf(name, pattern(length)))).toBe(expected);
    }
  });

  test('HMAC with keys of every length, as the platform says', () => {
    for (let length = 0; length <= 140; length += 1) {
      const key = macKeyOf(name, pattern(length));
      for (const message of [pattern(0), pattern(3 * length), pattern(200)]) {
        const expected = createHmac(nodeName(name), pattern(length)).update(message).digest('hex');
        expect(toHex(key.mac(message))).toBe(expected);
      }
    }
  });
});

// RFC 2202 (2) and RFC 4231 (4.3): key "Jefe".
test.each([
  ['md5', '750c783e6ab0b503eaa86e310a5db738'],
  ['sha1', 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79'],
  ['sha256', '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'],
  ['sha384', 'af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649'],
] as const)('HMAC-%s of the RFC', (name, mac) => {
  expect(toHex(macKeyOf(name, ascii('Jefe')).mac(ascii('what do ya want for nothing?')))).toBe(mac);
});

const MODES: readonly BlockMode[] = ['cbc', 'ecb', 'cfb', 'ofb', 'ctr'];
const KEY = hex('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4');
const PLAIN = hex('6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51');

// NIST SP 800-38A, appendix F; the last block is padding.
test.each([
  ['ecb', '000102030405060708090a0b0c0d0e0f', 'f3eed1bdb5d2a03c064b5a7e3db181f8591ccb10d410ed26dc5ba74a31362870'],
  ['cbc', '000102030405060708090a0b0c0d0e0f', 'f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d'],
  ['cfb', '000102030405060708090a0b0c0d0e0f', 'dc7e84bfda79164b7ecd8486985d386039ffed143b28b1c832113c6331e5407b'],
  ['ofb', '000102030405060708090a0b0c0d0e0f', 'dc7e84bfda79164b7ecd8486985d38604febdc6740d20b3ac88f6ad82a4fb08d'],
  ['ctr', 'f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff', '601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5'],
] as const)('AES-256 in mode %s (SP 800-38A)', (mode, iv, sealed) => {
  const blocks = sealBlocks(mode, KEY, hex(iv), PLAIN);
  expect(toHex(blocks.subarray(0, 32))).toBe(sealed);
  expect(blocks.length).toBe(48);
  expect(withoutPadding(openBlocks(mode, KEY, hex(iv), blocks))).toEqual(PLAIN);
});

test.each(MODES)('mode %s with padding is that of the platform, whatever the length', (mode) => {
  const iv = hex('ffffffffffffffffffffffffffffffff');
  for (let length = 0; length < 70; length += 1) {
    const padding = 16 - (length % 16);
    const padded = Buffer.concat([pattern(length), Buffer.alloc(padding, padding)]);
    const cipher = createCipheriv(`aes-256-${mode}`, KEY, mode === 'ecb' ? null : iv).setAutoPadding(false);
    const expected = Buffer.concat([cipher.update(padded), cipher.final()]).toString('hex');
    expect(toHex(sealBlocks(mode, KEY, iv, pattern(length)))).toBe(expected);
    expect(withoutPadding(openBlocks(mode, KEY, iv, hex(expected)))).toEqual(pattern(length));
  }
});

test.each([
  ['01', ''],
  ['aa01', 'aa'],
  ['aa0202', 'aa'],
  ['10'.repeat(16), ''],
  ['aa', undefined],
  ['aa00', undefined],
  ['aa0102', undefined],
  ['11'.repeat(17), undefined],
  ['', undefined],
])('%s without padding', (padded, plain) => {
  expect(withoutPadding(hex(padded))).toEqual(plain === undefined ? undefined : hex(plain));
});
