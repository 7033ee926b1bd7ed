import { encodeBareBase64 } from '../../bytes/bare-base64.ts';
import { encodeUtf8 } from '../../bytes/encoding.ts';
import { type MacFactory, type MacKey, macKeyOf } from '../../crypto/hmac.ts';
import { equalBytes } from '../../crypto/secret.ts';
import type { FwknopHmacKey } from './key.ts';
import { MIN_SEALED, SALT_PREFIX, withPrefix } from './layout.ts';
import { openPgpPrefix } from './open-pgp.ts';
import { hmacLength, looksSalted } from './shape.ts';

const SALT = encodeUtf8(SALT_PREFIX);

/** Which cipher a sealed text is of, as the letters tell that its sender has taken off. */
export type SealedBy = 'rijndael' | 'gpg';

/**
 * The HMAC of one key. It is made over the sealed text with the prefix that senders take off, and written in base64 at the
 * end of what is sent; comparing the letters makes sure that there is one text only.
 */
export class FwknopMac {
  readonly #mac: MacKey;
  readonly #length: number;

  /** `makeMac`: what computes it; the same bytes whichever it is. */
  constructor({ type, key }: FwknopHmacKey, makeMac: MacFactory = macKeyOf) {
    this.#mac = makeMac(type, key);
    this.#length = hmacLength(type);
  }

  /** The letters of the HMAC of `sealed`, which has its prefix. */
  of(sealed: Uint8Array): Uint8Array {
    return encodeBareBase64(this.#mac.mac(sealed));
  }

  /** `text` without the letters of an HMAC at its end, whatever they are. */
  sealedOf(text: Uint8Array): Uint8Array {
    return text.subarray(0, Math.max(0, text.length - this.#length));
  }

  /** Whether `text` ends with this key's HMAC, be it Rijndael's or GPG's; takes the same time whichever letters differ. */
  matches(text: Uint8Array): boolean {
    return this.matchesAs(text, 'rijndael') || this.matchesAs(text, 'gpg');
  }

  /** {@link matches} for a text that is to be opened by that cipher. */
  matchesAs(text: Uint8Array, kind: SealedBy): boolean {
    const sealed = this.sealedOf(text);
    if (sealed.length < MIN_SEALED) return false;
    const prefix = kind === 'rijndael' ? (looksSalted(text) ? SALT : undefined) : openPgpPrefix(sealed);
    return prefix !== undefined && equalBytes(this.of(withPrefix(prefix, sealed)), text.subarray(sealed.length));
  }
}
