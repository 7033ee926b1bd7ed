import { HmacKey, MAC_LENGTH } from './hmac.ts';

/** RFC 5869, section 2.3: the counter of the blocks is one byte. */
const MAX_LENGTH = 255 * MAC_LENGTH;

/** RFC 5869, section 2.2: a salt that is not given is as many zeros as a hash has bytes. */
const EXTRACT = new HmacKey(new Uint8Array(MAC_LENGTH));

/** Gives keys of one secret, which only `info` tells apart. */
export type Derive = (info: Uint8Array, length: number) => Uint8Array;

/**
 * HKDF-SHA256 (RFC 5869) with an empty salt. What does not depend on `info` is computed once, here: a server with many
 * clients derives some keys for each of them before it is ready. Throws RangeError for more than 8160 bytes.
 */
export const deriverOf = (secret: Uint8Array): Derive => {
  const expand = new HmacKey(EXTRACT.mac(secret));
  return (info, length) => {
    if (length > MAX_LENGTH) throw new RangeError(`HKDF-SHA256 gives ${String(MAX_LENGTH)} bytes at most`);
    const blocks = new Uint8Array(Math.ceil(length / MAC_LENGTH) * MAC_LENGTH);
    let last: Uint8Array = new Uint8Array(0);
    for (let start = 0; start < length; start += MAC_LENGTH) {
      last = expand.mac(Uint8Array.of(...last, ...info, start / MAC_LENGTH + 1));
      blocks.set(last, start);
    }
    return blocks.slice(0, length);
  };
};

/** One key of {@link deriverOf}. */
export const deriveKey = (secret: Uint8Array, info: Uint8Array, length: number): Uint8Array =>
  deriverOf(secret)(info, length);
