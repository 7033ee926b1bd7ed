/** What a text says of itself before any key is tried: how it is sealed, and what its HMAC would have to be. */
import { bareBase64Length, decodeBareBase64 } from '../../bytes/bare-base64.ts';
import { encodeUtf8 } from '../../bytes/encoding.ts';
import { MIN_SEALED, SALT_PREFIX, withPrefix } from './layout.ts';
import { openPgpPrefix } from './open-pgp.ts';
import { looksSalted } from './shape.ts';

const SALT = encodeUtf8(SALT_PREFIX);
const BLOCK = 16;

/** By what a stanza's texts are sealed: at least one of them. */
export interface SealKinds {
  readonly rijndael: boolean;
  readonly gpg: boolean;
}

/** A text read as if sealed in one way and with an HMAC of one length. */
export interface Claim {
  /** The letters that the HMAC is made over, those included that senders take off. */
  readonly sealed: Uint8Array;
  /** The HMAC as bytes; since letters and bytes tell each other exactly, comparing these is comparing those. */
  readonly mac: Uint8Array;
}

/**
 * Whether `text` can be sealed in one of these ways, where its last `macLength` letters are an HMAC (0: it has none). One
 * look for AES; for GPG as much as tells nearly all that is none.
 */
export const isLikely = (text: Uint8Array, macLength: number, { rijndael, gpg }: SealKinds): boolean =>
  (rijndael && isBlocks(text, text.length - macLength)) ||
  (gpg && openPgpPrefix(text.subarray(0, Math.max(0, text.length - macLength))) !== undefined);

/** How `text` may be read where its last `macLength` letters are an HMAC; none: no key can have made it. */
export const claimsOf = (text: Uint8Array, macLength: number, { rijndael, gpg }: SealKinds): readonly Claim[] => {
  const cut = text.length - macLength;
  const mac = cut < MIN_SEALED ? undefined : decodeBareBase64(text.subarray(cut));
  if (mac === undefined) return [];
  const sealed = text.subarray(0, cut);
  const prefixes = [rijndael && isBlocks(text, cut) ? SALT : undefined, gpg ? openPgpPrefix(sealed) : undefined];
  return prefixes.flatMap((prefix) => (prefix === undefined ? [] : [{ sealed: withPrefix(prefix, sealed), mac }]));
};

/** The salt's first letter, and a length that the salt and whole blocks give: one text in sixteen, one length in 22. */
const isBlocks = (text: Uint8Array, length: number): boolean => {
  const letters = length + SALT_PREFIX.length;
  const blocks = Math.floor((letters * 3) / 4 / BLOCK);
  return looksSalted(text) && blocks >= 2 && bareBase64Length(blocks * BLOCK) === letters;
};
