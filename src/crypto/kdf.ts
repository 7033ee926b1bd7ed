import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';

/** HKDF-SHA256 (RFC 5869) with an empty salt: `length` bytes (at most 8160) that only `info` tells apart. */
export const deriveKey = (secret: Uint8Array, info: Uint8Array, length: number): Uint8Array =>
  hkdf(sha256, secret, new Uint8Array(0), info, length);
