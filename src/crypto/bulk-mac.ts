/**
 * HMAC-SHA256 (RFC 2104) under many keys, one after another, and what HKDF-SHA256 (RFC 5869) makes of that. A key costs
 * nothing but its bytes: none is prepared, no object is made for any, and a short message takes some three microseconds,
 * which for ten thousand keys is half of what one HMAC at a time takes in OpenSSL, whose objects are left to the collector.
 */
import { _SHA256 } from '@noble/hashes/sha2.js';
import { MAC_LENGTH } from './hmac.ts';
import { SECRET_LENGTH } from './secret.ts';

/** FIPS 180-4: bytes of a block, where the message's length in bits stands in the last one, and what comes behind the message. */
const BLOCK = 64;
const LENGTH_AT = BLOCK - 4;
const END_BIT = 0x80;
/** Of the end bit and the length. */
const LEAST_PADDING = 9;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;
const NO_SALT = new Uint8Array(SECRET_LENGTH);

/** SHA-256's compression alone, block by block. */
class Compression extends _SHA256 {
  /** FIPS 180-4, 5.3.3. */
  restart(): void {
    this.set(0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19);
  }

  compress(block: DataView): void {
    this.process(block, 0);
  }

  writeTo(target: DataView): void {
    target.setInt32(0, this.A);
    target.setInt32(4, this.B);
    target.setInt32(8, this.C);
    target.setInt32(12, this.D);
    target.setInt32(16, this.E);
    target.setInt32(20, this.F);
    target.setInt32(24, this.G);
    target.setInt32(28, this.H);
  }
}

export class BulkMac {
  /** The 32 bytes of the last MAC; the next one overwrites them. */
  readonly mac = new Uint8Array(MAC_LENGTH);
  readonly #macView = new DataView(this.mac.buffer);
  readonly #block = new Uint8Array(BLOCK);
  readonly #blockView = new DataView(this.#block.buffer);
  readonly #compression = new Compression();
  readonly #extracted = new Uint8Array(MAC_LENGTH);

  /** Puts the MAC of `message` under the 32 bytes at `offset` of `keys` into {@link BulkMac.mac}. */
  compute(keys: Uint8Array, offset: number, message: Uint8Array): void {
    this.#begin(keys, offset, INNER_PAD);
    this.#end(message);
    this.#begin(keys, offset, OUTER_PAD);
    this.#end(this.mac);
  }

  /** HKDF of a secret of 32 bytes, without a salt, up to its first step; {@link BulkMac.expand} goes on from there. */
  extract(secret: Uint8Array): void {
    this.compute(NO_SALT, 0, secret);
    this.#extracted.set(this.mac);
  }

  /** Puts the first 32 bytes of what HKDF gives for an info into {@link BulkMac.mac}; see {@link firstBlockOf}. */
  expand(block: Uint8Array): void {
    this.compute(this.#extracted, 0, block);
  }

  #begin(keys: Uint8Array, offset: number, pad: number): void {
    const block = this.#block.fill(pad);
    for (let index = 0; index < SECRET_LENGTH; index += 1) block[index] = (keys[offset + index] ?? 0) ^ pad;
    this.#compression.restart();
    this.#compression.compress(this.#blockView);
  }

  /** The rest of a hash whose first block was the padded key. */
  #end(message: Uint8Array): void {
    const { length } = message;
    const block = this.#block;
    for (let start = 0; start < length + LEAST_PADDING; start += BLOCK) {
      block.fill(0);
      const end = Math.min(length - start, BLOCK);
      for (let index = 0; index < end; index += 1) block[index] = message[start + index] ?? 0;
      if (end >= 0 && end < BLOCK) block[end] = END_BIT;
      if (start + BLOCK >= length + LEAST_PADDING) this.#blockView.setUint32(LENGTH_AT, 8 * (BLOCK + length));
      this.#compression.compress(this.#blockView);
    }
    this.#compression.writeTo(this.#macView);
  }
}

/** What HKDF's first 32 bytes for `info` are the MAC of. */
export const firstBlockOf = (info: Uint8Array): Uint8Array => {
  const block = new Uint8Array(info.length + 1);
  block.set(info);
  block[info.length] = 1;
  return block;
};
