import { _HMAC } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { CHash, Hash } from '@noble/hashes/utils.js';
import { type DigestName, DIGESTS } from './digest.ts';

/** Length in bytes of an HMAC-SHA256. */
export const MAC_LENGTH = 32;

/** What makes MACs under one key; the same for equal messages. */
export interface MacKey {
  readonly mac: (message: Uint8Array) => Uint8Array;
}

/** HMAC of a digest under `key`, which may be changed afterwards. A program may put its platform's own in the place of ours. */
export type MacFactory = (digest: DigestName, key: Uint8Array) => MacKey;

const keyedMac = <T extends Hash<T>>(digest: CHash<T>, key: Uint8Array): MacKey['mac'] => {
  const keyed = new _HMAC<T>(digest, key);
  const work = keyed._cloneInto();
  return (message) => keyed._cloneInto(work).update(message).digest();
};

/**
 * HMAC (RFC 2104) under one key, of any digest: the key's two padded blocks are processed once, here; each message then
 * costs half of what a one-shot HMAC does.
 */
export const macKeyOf: MacFactory = (digest, key) => ({ mac: keyedMac(DIGESTS[digest](), key) });

/** HMAC-SHA256: 32 bytes. */
export class HmacKey implements MacKey {
  readonly mac: MacKey['mac'];

  constructor(key: Uint8Array) {
    this.mac = keyedMac(sha256, key);
  }
}
