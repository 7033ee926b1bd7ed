import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { equalBytes, Secret } from '../../../src/crypto/secret.ts';
import { hex, present, secretOf, toHex } from '../values.ts';

const TEXT = 'Ioi/3epz4xV+aNBVmpUOr2uATmL0y94UXKxlo1V180E=';

describe('a secret', () => {
  test('is 32 bytes of base64', () => {
    const secret = present(Secret.fromBase64(TEXT));
    expect(toHex(secret.reveal())).toBe('2288bfddea73e3157e68d0559a950eaf6b804e62f4cbde145cac65a35575f341');
    expect(secret.revealBase64()).toBe(TEXT);
  });

  test.each([
    ['31 bytes', Buffer.alloc(31, 'abc').toString('base64')],
    ['33 bytes', Buffer.alloc(33, 'abc').toString('base64')],
    ['all bytes equal', Buffer.alloc(32).toString('base64')],
    ['all bytes equal', Buffer.alloc(32, 0x41).toString('base64')],
    ['unpadded', TEXT.slice(0, -1)],
    ['white space', ` ${TEXT}`],
    ['empty', ''],
  ])('is not %s', (_, text) => {
    expect(Secret.fromBase64(text)).toBeUndefined();
  });

  test('does not get out by accident', () => {
    const secret = present(Secret.fromBase64(TEXT));
    const ways = [
      String(secret),
      JSON.stringify({ secret }),
      inspect(secret),
      inspect({ a: [secret] }),
      secret.toString(),
    ];
    for (const way of ways) {
      expect(way).toContain('[secret]');
      expect(way).not.toContain('Ioi/');
      expect(way).not.toContain('2288');
      expect(way).not.toMatch(/34,\s*136/);
    }
  });

  test('is a copy of the bytes it was made of', () => {
    const text = `${'00'.repeat(31)}01`;
    for (const bytes of [hex(text), Buffer.from(text, 'hex')]) {
      const secret = present(Secret.fromBytes(bytes));
      bytes.fill(0xff);
      expect(toHex(secret.reveal())).toBe(text);
    }
  });
});

describe('a fingerprint', () => {
  test('is the first 8 bytes of SHA-256 of a label and the secret', () => {
    // printf 'spa fingerprint ' | cat - secret | sha256sum
    expect(present(Secret.fromBase64(TEXT)).fingerprint()).toBe('0c61:adf6:4172:0888');
  });

  test('tells secrets apart', () => {
    const all = Array.from({ length: 50 }, (_, seed) => secretOf(seed).fingerprint());
    expect(new Set(all).size).toBe(50);
    for (const one of all) expect(one).toMatch(/^[0-9a-f]{4}(:[0-9a-f]{4}){3}$/);
  });
});

test('equal bytes', () => {
  expect(equalBytes(hex('0102'), hex('0102'))).toBe(true);
  expect(equalBytes(hex(''), hex(''))).toBe(true);
  expect(equalBytes(hex('0102'), hex('010203'))).toBe(false);
  for (let bit = 0; bit < 16; bit += 1) {
    const other = hex('0102').map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
    expect(equalBytes(hex('0102'), other)).toBe(false);
  }
});
