import { scrypt as nobleScrypt } from '@noble/hashes/scrypt.js';

/**
 * scrypt (RFC 7914) with N = 2^cost, r = 8 and p = 1: `length` bytes, in about half a second and 64 MiB at a cost of 16.
 * Throws for a cost below 1.
 */
export const scrypt = (passphrase: Uint8Array, salt: Uint8Array, cost: number, length: number): Uint8Array =>
  nobleScrypt(passphrase, salt, { N: 2 ** cost, r: 8, p: 1, dkLen: length, maxmem: 2 ** (cost + 11) });
