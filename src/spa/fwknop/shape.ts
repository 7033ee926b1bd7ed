/** What can be said of a text without any key. */
import { bareBase64Length, isBareBase64Alphabet } from '../../bytes/bare-base64.ts';
import { encodeUtf8 } from '../../bytes/encoding.ts';
import { digestLength } from '../../crypto/digest.ts';
import type { FwknopGateRejection } from '../rejection.ts';
import type { FwknopDigest } from './key.ts';
import { GPG_PREFIX, MAX_TEXT, MIN_TEXT, OLD_GPG_LENGTH, OLD_MAX_CAPTURED, SALT_PREFIX } from './layout.ts';
import { openPgpPrefix } from './open-pgp.ts';

/** How many characters an HMAC takes at the end of a text: 22, 27, 43, 64, 86, 43 or 86. */
export const hmacLength = (type: FwknopDigest): number => bareBase64Length(digestLength(type));

/**
 * Why `text` is no packet of anybody's, or undefined where the keys decide: 140 to 1500 characters of base64, none of them
 * `=`, and not with the prefix that senders take off (the second text of a packet, to whoever puts it in front again).
 */
export const checkShape = (text: Uint8Array): FwknopGateRejection | undefined => {
  if (text.length < MIN_TEXT || text.length > MAX_TEXT) return 'wrong-size';
  if (startsWith(text, SALT) || (text.length > OLD_GPG_LENGTH && startsWith(text, GPG))) return 'refused-prefix';
  return isBareBase64Alphabet(text) ? undefined : 'bad-alphabet';
};

const SALT = encodeUtf8(SALT_PREFIX);
const GPG = encodeUtf8(GPG_PREFIX);

const startsWith = (text: Uint8Array, prefix: Uint8Array): boolean =>
  prefix.every((code, index) => text[index] === code);

/** What the last bits of `_` make of the first character of a text whose ciphertext is salted. */
const SALTED_FIRST = encodeUtf8('89+/');

/** Whether the text can be one of Rijndael's. One in sixteen of all others looks so too. */
export const looksSalted = (text: Uint8Array): boolean => SALTED_FIRST.includes(text[0] ?? 0);

/** Whether the text, without its HMAC, has the frame of an OpenPGP message, whatever its length. */
export const looksLikeGpg = (sealed: Uint8Array): boolean => openPgpPrefix(sealed) !== undefined;

/**
 * Whether servers of fwknop's up to 2.6 will not read `text` for what it is: from 400 characters on they take it for GPG's
 * and below for Rijndael's, and their packet capture cuts it off after 1458 unless told otherwise.
 */
export const exceedsOldServers = (text: string, kind: 'rijndael' | 'gpg'): boolean =>
  kind === 'rijndael' ? text.length >= OLD_GPG_LENGTH : text.length < OLD_GPG_LENGTH || text.length > OLD_MAX_CAPTURED;
