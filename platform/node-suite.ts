/**
 * The primitives by `node:crypto`, which is OpenSSL. The first call of a process, and one now and then, take a fraction of
 * what they take in JavaScript that V8 has not compiled yet; and most are faster in a loop, too. Measured one by one
 * (docs/decisions/0011-injected-crypto.md).
 */
import { createCipheriv, createDecipheriv, createHash, createHmac, getFips } from 'node:crypto';
import { NONCE_LENGTH, subKeyOf, TAG_LENGTH } from '../src/crypto/aead.ts';
import { BLOCK_LENGTH, type BlockMode } from '../src/crypto/block-cipher.ts';
import type { DigestName } from '../src/crypto/digest.ts';
import { MAC_LENGTH } from '../src/crypto/hmac.ts';
import { type CryptoSuite, NOBLE } from '../src/crypto/suite.ts';

/** The core knows no Buffer, whose `slice` is another one. */
const plainBytes = (buffer: Buffer): Uint8Array => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);

const opensslName = (digest: DigestName): string => digest.replace('_', '-');

/** The key stays bytes: a KeyObject saves less than a microsecond a MAC, and takes a kilobyte and ten microseconds. */
const macKey: CryptoSuite['macKey'] = (digest, key) => {
  const name = opensslName(digest);
  const kept = Uint8Array.from(key);
  return { mac: (message) => plainBytes(createHmac(name, kept).update(message).digest()) };
};

const NO_SALT = new Uint8Array(MAC_LENGTH);

/** RFC 5869 as two HMACs and more, in half the time of `hkdfSync`. */
const deriveKey: CryptoSuite['deriveKey'] = (secret, info, length) => {
  const extracted = createHmac('sha256', NO_SALT).update(secret).digest();
  const blocks: Buffer[] = [];
  for (let counter = 1; blocks.length * MAC_LENGTH < length; counter += 1) {
    const before = blocks.at(-1) ?? new Uint8Array(0);
    const hmac = createHmac('sha256', extracted).update(before).update(info);
    blocks.push(hmac.update(Uint8Array.of(counter)).digest());
  }
  return Uint8Array.from(Buffer.concat(blocks)).subarray(0, length);
};

/** What is left of XChaCha20's nonce once HChaCha20 has made the key of the first 16 bytes. */
const innerNonceOf = (nonce: Uint8Array): Uint8Array => {
  const inner = new Uint8Array(12);
  inner.set(nonce.subarray(NONCE_LENGTH - 8), 4);
  return inner;
};

const AEAD = 'chacha20-poly1305';
const AEAD_OPTIONS = { authTagLength: TAG_LENGTH } as const;

const sealBox: CryptoSuite['sealBox'] = (key, nonce, aad, plain) => {
  const cipher = createCipheriv(AEAD, subKeyOf(key, nonce), innerNonceOf(nonce), AEAD_OPTIONS);
  cipher.setAAD(aad, { plaintextLength: plain.length });
  const parts = [cipher.update(plain), cipher.final()];
  return Uint8Array.from(Buffer.concat([...parts, cipher.getAuthTag()]));
};

const openBox: CryptoSuite['openBox'] = (key, nonce, aad, box) => {
  const length = box.length - TAG_LENGTH;
  if (length < 0) return undefined;
  const decipher = createDecipheriv(AEAD, subKeyOf(key, nonce), innerNonceOf(nonce), AEAD_OPTIONS);
  decipher.setAAD(aad, { plaintextLength: length });
  decipher.setAuthTag(box.subarray(length));
  const plain = decipher.update(box.subarray(0, length));
  try {
    decipher.final();
  } catch {
    // A wrong tag is an ordinary answer.
    return undefined;
  }
  return plainBytes(plain);
};

const BLOCK_KEY_BITS = 256;

const cipherNameOf = (mode: BlockMode): string => `aes-${String(BLOCK_KEY_BITS)}-${mode}`;
const ivOf = (mode: BlockMode, iv: Uint8Array): Uint8Array | null => (mode === 'ecb' ? null : iv);

/** The padding is ours in every mode, as {@link NOBLE}'s is: OpenSSL has none for streams. */
const sealBlocks: CryptoSuite['sealBlocks'] = (mode, key, iv, plain) => {
  const padding = BLOCK_LENGTH - (plain.length % BLOCK_LENGTH);
  const padded = new Uint8Array(plain.length + padding).fill(padding);
  padded.set(plain);
  const cipher = createCipheriv(cipherNameOf(mode), key, ivOf(mode, iv)).setAutoPadding(false);
  return Uint8Array.from(Buffer.concat([cipher.update(padded), cipher.final()]));
};

const openBlocks: CryptoSuite['openBlocks'] = (mode, key, iv, blocks) => {
  const decipher = createDecipheriv(cipherNameOf(mode), key, ivOf(mode, iv)).setAutoPadding(false);
  return Uint8Array.from(Buffer.concat([decipher.update(blocks), decipher.final()]));
};

const digest: CryptoSuite['digest'] = (name, bytes) => plainBytes(createHash(opensslName(name)).update(bytes).digest());

const NODE: CryptoSuite = { macKey, deriveKey, digest, sealBox, openBox, sealBlocks, openBlocks };

/** Where OpenSSL is held to FIPS 140 it refuses MD5 and ChaCha20, without which there is no packet: there, the reference. */
export const NODE_SUITE: CryptoSuite = getFips() === 1 ? NOBLE : NODE;
