/**
 * The frame of a sealed OpenPGP message (RFC 4880 section 4.2): one packet for each recipient's key, then the sealed data. It is walked,
 * never opened: that tells what a sender has taken off its front, and whether this is such a message at all.
 */
import { decodeBareBase64 } from '../../bytes/bare-base64.ts';
import { u16At, u8At } from '../../bytes/field.ts';
import { encodeUtf8 } from '../../bytes/encoding.ts';
import { GPG_PREFIX, withPrefix } from './layout.ts';

/** Packet tags: a session key sealed for a recipient, and the two kinds of data with protection against changes. */
const TAG_SESSION_KEY = 1;
const TAG_SEALED_DATA = 18;
const TAG_AEAD_DATA = 20;

/** A body's length, where it begins, and whether another piece of the same packet follows. */
interface Span {
  readonly start: number;
  readonly length: number;
  readonly partial: boolean;
}

const tagAt = (bytes: Uint8Array, at: number): number => {
  const first = u8At(bytes, at);
  if ((first & 0x80) === 0) return 0;
  return (first & 0x40) !== 0 ? first & 0x3f : (first >> 2) & 0x0f;
};

/** The length of a packet in the old format, whose header is at `at`; that of the fourth kind, up to the end, is none. */
const oldSpan = (bytes: Uint8Array, at: number): Span | undefined => {
  switch (u8At(bytes, at) & 3) {
    case 0:
      return { start: at + 2, length: u8At(bytes, at + 1), partial: false };
    case 1:
      return { start: at + 3, length: u16At(bytes, at + 1), partial: false };
    default:
      // Four octets of length, or none: no packet of ours is so long, and none is open-ended.
      return undefined;
  }
};

/** The length in the new format at `at`, just behind the tag or a piece. */
const newSpan = (bytes: Uint8Array, at: number): Span | undefined => {
  const first = u8At(bytes, at);
  if (first < 192) return { start: at + 1, length: first, partial: false };
  if (first < 224) return { start: at + 2, length: u16At(bytes, at) - 0xc000 + 192, partial: false };
  if (first < 255) return { start: at + 1, length: 2 ** (first & 0x1f), partial: true };
  return undefined;
};

/** Where the packet whose header is at `at` ends. */
const endOf = (bytes: Uint8Array, at: number): number | undefined => {
  const isNew = (u8At(bytes, at) & 0x40) !== 0;
  let span = isNew ? newSpan(bytes, at + 1) : oldSpan(bytes, at);
  while (span?.partial === true && span.start + span.length < bytes.length) {
    span = newSpan(bytes, span.start + span.length);
  }
  return span === undefined || span.partial ? undefined : span.start + span.length;
};

/** Whether `bytes` are session keys, at least one, then sealed data up to the end. */
const isSealedMessage = (bytes: Uint8Array): boolean => {
  let at = 0;
  while (tagAt(bytes, at) === TAG_SESSION_KEY) {
    const end = endOf(bytes, at);
    if (end === undefined || end >= bytes.length) return false;
    at = end;
  }
  const isData = tagAt(bytes, at) === TAG_SEALED_DATA || tagAt(bytes, at) === TAG_AEAD_DATA;
  return at > 0 && isData && endOf(bytes, at) === bytes.length;
};

/**
 * The first two letters of any message of GnuPG's: a session key in the old format, whose length takes two octets and is
 * below 4096 (hQ, RSA), or one (hA to hP, elliptic curves; cv25519 has hF).
 */
const PREFIXES = [GPG_PREFIX, ...Array.from('ABCDEFGHIJKLMNOP', (letter) => `h${letter}`)].map(encodeUtf8);

/** Put in front to read the rest; the bits that it stands for are put right for each prefix. */
const ANY_PREFIX = encodeUtf8('hA');

/** The only version of session keys that GnuPG writes; it follows one or two octets of length. */
const SESSION_KEY_VERSION = 3;

/** A look at the first letters, so that junk costs no more. */
const mayBeSessionKey = (sealed: Uint8Array): boolean => {
  const head = decodeBareBase64(withPrefix(ANY_PREFIX, sealed.subarray(0, 6)));
  return head !== undefined && (head[2] === SESSION_KEY_VERSION || head[3] === SESSION_KEY_VERSION);
};

/** `sealed` is the text of a message without its first two letters and without HMAC. Undefined where it is no such text. */
export const openPgpPrefix = (sealed: Uint8Array): Uint8Array | undefined => {
  if (!mayBeSessionKey(sealed)) return undefined;
  const bytes = decodeBareBase64(withPrefix(ANY_PREFIX, sealed));
  if (bytes === undefined) return undefined;
  const low = u8At(bytes, 1) & 0x0f;
  return PREFIXES.find((_, index) => {
    const isLong = index === 0;
    bytes[0] = isLong ? 0x85 : 0x84;
    bytes[1] = isLong ? low : ((index - 1) << 4) | low;
    return bytes[isLong ? 3 : 2] === SESSION_KEY_VERSION && isSealedMessage(bytes);
  });
};
