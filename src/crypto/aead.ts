import { hchacha, xchacha20poly1305 } from '@noble/ciphers/chacha.js';

/** Lengths in bytes of XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03). */
export const NONCE_LENGTH = 24;
export const TAG_LENGTH = 16;

/** "expand 32-byte k", the constant of every ChaCha, as little-endian words. */
const SIGMA = Uint32Array.of(0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574);

const wordsOf = (bytes: Uint8Array, count: number): Uint32Array => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 4 * count);
  const words = new Uint32Array(count);
  for (let index = 0; index < count; index += 1) words[index] = view.getUint32(4 * index, true);
  return words;
};

/** HChaCha20: the key, 32 bytes, under which XChaCha20 is ChaCha20 with the last 8 bytes of the nonce. */
export const subKeyOf = (key: Uint8Array, nonce: Uint8Array): Uint8Array => {
  const words = new Uint32Array(8);
  hchacha(SIGMA, wordsOf(key, 8), wordsOf(nonce, 4), words);
  const view = new DataView(new ArrayBuffer(32));
  for (const [index, word] of words.entries()) view.setUint32(4 * index, word, true);
  return new Uint8Array(view.buffer);
};

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
