import { md5, sha1 } from '@noble/hashes/legacy.js';
import { sha256 as nobleSha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { sha3_256, sha3_512 } from '@noble/hashes/sha3.js';

/** SHA-256 (FIPS 180-4): 32 bytes. */
export const sha256 = (bytes: Uint8Array): Uint8Array => nobleSha256(bytes);

/**
 * MD5 (RFC 1321), SHA-1 and SHA-2 (FIPS 180-4), SHA-3 (FIPS 202). The first two are here for fwknop's packets alone. Given when asked
 * for: a program whose platform brings its own never loads these (docs/decisions/0012-cold-start.md).
 */
export const DIGESTS = {
  md5: () => md5,
  sha1: () => sha1,
  sha256: () => nobleSha256,
  sha384: () => sha384,
  sha512: () => sha512,
  sha3_256: () => sha3_256,
  sha3_512: () => sha3_512,
} as const;

export type DigestName = keyof typeof DIGESTS;

/** 16, 20, 32, 48, 64, 32 or 64 bytes, in the order of {@link DIGESTS}. */
export const digestOf = (name: DigestName, bytes: Uint8Array): Uint8Array => DIGESTS[name]()(bytes);

/** Length in bytes of a digest, and so of an HMAC. */
export const digestLength = (name: DigestName): number => DIGESTS[name]().outputLen;
