import { _HMAC } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';

/** Length in bytes of an HMAC-SHA256. */
export const MAC_LENGTH = 32;

type Sha256State = ReturnType<typeof sha256.create>;

/**
 * HMAC-SHA256 (RFC 2104) under one key. The key's two padded blocks are hashed once, here; each message then costs
 * half of what a one-shot HMAC does.
 */
export class HmacKey {
  readonly #keyed: _HMAC<Sha256State>;
  readonly #work: _HMAC<Sha256State>;

  constructor(key: Uint8Array) {
    this.#keyed = new _HMAC(sha256, key);
    this.#work = this.#keyed._cloneInto();
  }

  /** 32 bytes over `message`. */
  mac(message: Uint8Array): Uint8Array {
    return this.#keyed._cloneInto(this.#work).update(message).digest();
  }
}
