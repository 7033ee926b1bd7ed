import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';

/** Lengths in bytes of XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03). */
export const NONCE_LENGTH = 24;
export const TAG_LENGTH = 16;

/** `plain.length + 16` bytes. The key has 32 bytes, the nonce 24 and must never repeat under a key. */
export const sealBox = (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array): Uint8Array =>
  xchacha20poly1305(key, nonce, aad).encrypt(plain);

/** The plain text, or undefined where box, nonce, aad and key do not belong together. */
export const openBox = (
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  box: Uint8Array,
): Uint8Array | undefined => {
  try {
    return xchacha20poly1305(key, nonce, aad).decrypt(box);
  } catch {
    // The library throws on a wrong tag; to us that is an ordinary answer.
    return undefined;
  }
};
