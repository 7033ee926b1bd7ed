/** The checksum at the end of a plain text. It has no key and proves nothing; it shows that the right key was used. */
import { encodeBareBase64 } from '../../bytes/bare-base64.ts';
import { bytesKey } from '../../bytes/encoding.ts';
import { type CryptoSuite, NOBLE } from '../../crypto/suite.ts';
import type { FwknopDigest } from './key.ts';

/** By length in characters; the text does not say which of two it is. */
const BY_LENGTH: Readonly<Record<number, readonly FwknopDigest[]>> = {
  22: ['md5'],
  27: ['sha1'],
  43: ['sha256', 'sha3_256'],
  64: ['sha384'],
  86: ['sha512', 'sha3_512'],
};

/** The digest of `fields` as base64 without padding. */
export const digestText = (digest: FwknopDigest, fields: Uint8Array, digestOf = NOBLE.digest): string =>
  bytesKey(encodeBareBase64(digestOf(digest, fields)));

/** Whether `text` is the digest of `fields` of any type. */
export const isDigestOf = (text: string, fields: Uint8Array, digestOf: CryptoSuite['digest']): boolean =>
  (BY_LENGTH[text.length] ?? []).some((digest) => digestText(digest, fields, digestOf) === text);
