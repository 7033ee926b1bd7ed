/** fwknop's AES: key and initialization vector come from the passphrase as in `openssl enc -md md5`. */
import { BLOCK_KEY_LENGTH, BLOCK_LENGTH, type BlockMode, withoutPadding } from '../../crypto/block-cipher.ts';
import { type CryptoSuite, NOBLE } from '../../crypto/suite.ts';
import { encodeUtf8 } from '../../bytes/encoding.ts';
import type { FwknopCipherKey } from './key.ts';
import { SALT_LENGTH, SALT_MARK } from './layout.ts';

const MARK = encodeUtf8(SALT_MARK);
const HEAD_LENGTH = MARK.length + SALT_LENGTH;

/** Clients before 2.5 used 16 bytes of a passphrase, no less and no more. */
const LEGACY_LENGTH = 16;
const LEGACY_FILL = 0x30;

interface Derived {
  readonly mode: BlockMode;
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
}

const passphraseOf = ({ mode, passphrase }: FwknopCipherKey): Uint8Array => {
  if (mode !== 'legacy') return passphrase;
  const filled = new Uint8Array(LEGACY_LENGTH).fill(LEGACY_FILL);
  filled.set(passphrase.subarray(0, LEGACY_LENGTH));
  return filled;
};

/** OpenSSL's EVP_BytesToKey with MD5 and one round: each digest is of the one before it, passphrase and salt. */
const derive = (cipher: FwknopCipherKey, salt: Uint8Array, { digest }: CryptoSuite): Derived => {
  const passphrase = passphraseOf(cipher);
  const input = new Uint8Array(BLOCK_LENGTH + passphrase.length + salt.length);
  input.set(passphrase, BLOCK_LENGTH);
  input.set(salt, BLOCK_LENGTH + passphrase.length);
  const next = (last: Uint8Array): Uint8Array => {
    input.set(last);
    return digest('md5', input);
  };
  const d1 = digest('md5', input.subarray(BLOCK_LENGTH));
  const d2 = next(d1);
  const key = new Uint8Array(BLOCK_KEY_LENGTH);
  key.set(d1);
  key.set(d2, d1.length);
  return { mode: cipher.mode === 'legacy' ? 'cbc' : cipher.mode, key, iv: next(d2) };
};

/** `Salted__`, the 8 bytes of salt, then whole blocks. */
export const sealSalted = (
  plain: Uint8Array,
  cipher: FwknopCipherKey,
  salt: Uint8Array,
  suite: CryptoSuite = NOBLE,
): Uint8Array => {
  const { mode, key, iv } = derive(cipher, salt, suite);
  const blocks = suite.sealBlocks(mode, key, iv, plain);
  const bytes = new Uint8Array(HEAD_LENGTH + blocks.length);
  bytes.set(MARK);
  bytes.set(salt, MARK.length);
  bytes.set(blocks, HEAD_LENGTH);
  return bytes;
};

/** The salt and the blocks of what {@link sealSalted} has made, or undefined where it cannot have made this. */
export const splitSalted = (bytes: Uint8Array): { salt: Uint8Array; blocks: Uint8Array } | undefined => {
  const blocks = bytes.subarray(HEAD_LENGTH);
  if (blocks.length === 0 || blocks.length % BLOCK_LENGTH !== 0) return undefined;
  if (!MARK.every((code, index) => bytes[index] === code)) return undefined;
  return { salt: bytes.subarray(MARK.length, HEAD_LENGTH), blocks };
};

/**
 * Undefined where the padding is wrong, which shows that the key is, but for one key in 256. In `legacy` mode, what has no
 * padding is taken as it is: libfko 2.0.3 (Android) adds none to a text of whole blocks.
 */
export const openSalted = (
  { salt, blocks }: { readonly salt: Uint8Array; readonly blocks: Uint8Array },
  cipher: FwknopCipherKey,
  suite: CryptoSuite,
): Uint8Array | undefined => {
  const { mode, key, iv } = derive(cipher, salt, suite);
  const padded = suite.openBlocks(mode, key, iv, blocks);
  return withoutPadding(padded) ?? (cipher.mode === 'legacy' ? padded : undefined);
};
