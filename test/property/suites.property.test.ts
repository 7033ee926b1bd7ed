/** The platform's primitives against the reference: the same bytes for whatever goes in, the same answer to what is wrong. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NODE_SUITE } from '../../platform/node-suite.ts';
import { DIGESTS, type DigestName } from '../../src/crypto/digest.ts';
import { NOBLE } from '../../src/crypto/suite.ts';
import { toHex } from '../unit/values.ts';
import { bytes } from './arbitraries.ts';

const NAMES = Object.keys(DIGESTS) as DigestName[];
const MODES = ['cbc', 'ecb', 'cfb', 'ofb', 'ctr'] as const;

const name = fc.constantFrom(...NAMES);
const mode = fc.constantFrom(...MODES);
const anyBytes = fc.uint8Array({ maxLength: 1500 });
/** Around every digest's block length, 64 to 144 bytes, and far beyond. */
const hmacKey = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 60, max: 150 }).chain(bytes));

test('the platform has implementations of its own', () => {
  expect(NODE_SUITE).not.toBe(NOBLE);
});

test.each(NAMES)('%s', (digest) => {
  fc.assert(
    fc.property(anyBytes, (message) => {
      expect(toHex(NODE_SUITE.digest(digest, message))).toBe(toHex(NOBLE.digest(digest, message)));
    }),
  );
});

test('HMAC of every digest, of many messages under one key', () => {
  fc.assert(
    fc.property(name, hmacKey, fc.array(anyBytes, { minLength: 1, maxLength: 3 }), (digest, key, messages) => {
      const [ours, theirs] = [NODE_SUITE.macKey(digest, key), NOBLE.macKey(digest, key)];
      key.fill(0);
      for (const message of messages) expect(toHex(ours.mac(message))).toBe(toHex(theirs.mac(message)));
    }),
  );
});

test('HKDF', () => {
  fc.assert(
    fc.property(anyBytes, anyBytes, fc.integer({ min: 1, max: 300 }), (secret, info, length) => {
      const key = NODE_SUITE.deriveKey(secret, info, length);
      expect(toHex(key)).toBe(toHex(NOBLE.deriveKey(secret, info, length)));
      expect(key.length).toBe(length);
    }),
  );
});

describe('XChaCha20-Poly1305', () => {
  const box = fc.tuple(bytes(32), bytes(24), fc.uint8Array({ maxLength: 40 }), anyBytes);

  test('seals the same, and each opens what the other has sealed', () => {
    fc.assert(
      fc.property(box, ([key, nonce, aad, plain]) => {
        const sealed = NODE_SUITE.sealBox(key, nonce, aad, plain);
        expect(toHex(sealed)).toBe(toHex(NOBLE.sealBox(key, nonce, aad, plain)));
        expect(NODE_SUITE.openBox(key, nonce, aad, sealed)).toEqual(plain);
        expect(NOBLE.openBox(key, nonce, aad, sealed)).toEqual(plain);
      }),
    );
  });

  test('opens nothing in which a bit is changed, wherever it is', () => {
    fc.assert(
      fc.property(box, fc.nat(3), fc.nat(), ([key, nonce, aad, plain], which, chance) => {
        const sealed = NOBLE.sealBox(key, nonce, aad, plain);
        const parts = [sealed, key, nonce, aad].map((part) => part.slice()) as [
          Uint8Array,
          Uint8Array,
          Uint8Array,
          Uint8Array,
        ];
        const changed = parts[which] ?? sealed;
        fc.pre(changed.length > 0);
        const bit = chance % (8 * changed.length);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const [wrongBox, wrongKey, wrongNonce, wrongAad] = parts;
        for (const suite of [NODE_SUITE, NOBLE])
          expect(suite.openBox(wrongKey, wrongNonce, wrongAad, wrongBox)).toBeUndefined();
      }),
    );
  });

  test('opens nothing that is too short, or cut', () => {
    fc.assert(
      fc.property(box, fc.nat(), ([key, nonce, aad, plain], chance) => {
        const sealed = NOBLE.sealBox(key, nonce, aad, plain);
        const cut = sealed.subarray(0, chance % sealed.length);
        for (const suite of [NODE_SUITE, NOBLE]) expect(suite.openBox(key, nonce, aad, cut)).toBeUndefined();
      }),
    );
  });
});

test('AES in every mode: the same blocks, and the same out of them', () => {
  fc.assert(
    fc.property(mode, bytes(32), bytes(16), anyBytes, (way, key, iv, plain) => {
      const blocks = NODE_SUITE.sealBlocks(way, key, iv, plain);
      expect(toHex(blocks)).toBe(toHex(NOBLE.sealBlocks(way, key, iv, plain)));
      const opened = NODE_SUITE.openBlocks(way, key, iv, blocks);
      expect(toHex(opened)).toBe(toHex(NOBLE.openBlocks(way, key, iv, blocks)));
      expect(toHex(opened.subarray(0, plain.length))).toBe(toHex(plain));
    }),
  );
});

test('what comes out is the caller’s, and no Buffer, whose slice would not copy', () => {
  const [key, iv, message] = [new Uint8Array(32), new Uint8Array(16), new Uint8Array(16)];
  const results = [
    NODE_SUITE.macKey('sha256', key).mac(message),
    NODE_SUITE.digest('md5', message),
    NODE_SUITE.deriveKey(key, message, 32),
    NODE_SUITE.sealBox(key, new Uint8Array(24), iv, message),
    NODE_SUITE.openBox(key, new Uint8Array(24), iv, NOBLE.sealBox(key, new Uint8Array(24), iv, message)),
    NODE_SUITE.sealBlocks('cbc', key, iv, message),
    NODE_SUITE.openBlocks('cbc', key, iv, message),
  ];
  for (const result of results) expect(Buffer.isBuffer(result)).toBe(false);
});
