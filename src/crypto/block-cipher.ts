/** AES-256 in the modes of NIST SP 800-38A, with the padding of PKCS #7 in every one of them: fwknop's ciphers. */
import { cbc, cfb, ctr, ecb } from '@noble/ciphers/aes.js';

/** Lengths in bytes. */
export const BLOCK_LENGTH = 16;
export const BLOCK_KEY_LENGTH = 32;

export type BlockMode = 'cbc' | 'ecb' | 'cfb' | 'ofb' | 'ctr';

interface Blocks {
  readonly encrypt: (blocks: Uint8Array) => Uint8Array;
  readonly decrypt: (blocks: Uint8Array) => Uint8Array;
}

/** OFB's key stream is what CBC makes of zeros; the library does not have it. */
const ofb = (key: Uint8Array, iv: Uint8Array): Blocks => {
  const apply = (blocks: Uint8Array): Uint8Array => {
    const stream = cbc(key, iv, { disablePadding: true }).encrypt(new Uint8Array(blocks.length));
    return blocks.map((byte, index) => byte ^ (stream[index] ?? 0));
  };
  return { encrypt: apply, decrypt: apply };
};

const cipherOf = (mode: BlockMode, key: Uint8Array, iv: Uint8Array): Blocks => {
  switch (mode) {
    case 'cbc':
      return cbc(key, iv, { disablePadding: true });
    case 'ecb':
      return ecb(key, { disablePadding: true });
    case 'cfb':
      return cfb(key, iv);
    case 'ofb':
      return ofb(key, iv);
    case 'ctr':
      return ctr(key, iv);
  }
};

/** A whole number of blocks, at least one byte more than `plain`. The key has 32 bytes, the iv 16; ECB does not use it. */
export const sealBlocks = (mode: BlockMode, key: Uint8Array, iv: Uint8Array, plain: Uint8Array): Uint8Array => {
  const padding = BLOCK_LENGTH - (plain.length % BLOCK_LENGTH);
  const padded = new Uint8Array(plain.length + padding).fill(padding);
  padded.set(plain);
  return cipherOf(mode, key, iv).encrypt(padded);
};

/** What is in `blocks`, a whole number of them, padding and all. */
export const openBlocks = (mode: BlockMode, key: Uint8Array, iv: Uint8Array, blocks: Uint8Array): Uint8Array =>
  cipherOf(mode, key, iv).decrypt(blocks);

/** The plain text, or undefined unless the last n bytes are all n, from 1 to 16. */
export const withoutPadding = (padded: Uint8Array): Uint8Array | undefined => {
  const padding = padded[padded.length - 1] ?? 0;
  if (padding < 1 || padding > BLOCK_LENGTH) return undefined;
  const length = padded.length - padding;
  return padded.subarray(length).every((byte) => byte === padding) ? padded.subarray(0, length) : undefined;
};
