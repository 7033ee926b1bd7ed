/** Against node:crypto, which is OpenSSL. */
import { createHmac, hkdfSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { BulkMac, firstBlockOf } from '../../../src/crypto/bulk-mac.ts';

const bytes = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (at * 151 + seed * 97 + ((at * seed) >> 3)) & 0xff);

test('the MAC of a message of any length, under any of several keys', () => {
  const macs = new BulkMac();
  const keys = bytes(5 * 32, 3);
  for (let length = 0; length < 260; length += 1) {
    const [message, offset] = [bytes(length, length), 32 * (length % 5)];
    macs.compute(keys, offset, message);
    const expected = createHmac('sha256', keys.subarray(offset, offset + 32))
      .update(message)
      .digest('hex');
    expect(Buffer.from(macs.mac).toString('hex'), String(length)).toBe(expected);
  }
});

test('what HKDF makes of a secret, for infos of any length', () => {
  const macs = new BulkMac();
  for (let length = 0; length < 140; length += 1) {
    const [secret, info] = [bytes(32, length + 1), bytes(length, 7)];
    macs.extract(secret);
    for (const wish of [info, Uint8Array.of(...info, 9)]) {
      macs.expand(firstBlockOf(wish));
      const expected = Buffer.from(hkdfSync('sha256', secret, '', wish, 32)).toString('hex');
      expect(Buffer.from(macs.mac).toString('hex'), String(length)).toBe(expected);
    }
  }
});
