/**
 * The primitives that a program may take from its platform instead, all or some; they give the same bytes, which tests show
 * (docs/decisions/0011-injected-crypto.md). Who is given none uses {@link NOBLE}, the reference.
 */
import { openBox, sealBox } from './aead.ts';
import { type BlockMode, openBlocks, sealBlocks } from './block-cipher.ts';
import { type DigestName, digestOf } from './digest.ts';
import { type MacFactory, macKeyOf } from './hmac.ts';
import { deriveKey } from './kdf.ts';

export interface CryptoSuite {
  /** HMAC of any digest, as {@link macKeyOf}. */
  readonly macKey: MacFactory;
  /** HKDF-SHA256, as {@link deriveKey}. */
  readonly deriveKey: (secret: Uint8Array, info: Uint8Array, length: number) => Uint8Array;
  readonly digest: (name: DigestName, bytes: Uint8Array) => Uint8Array;
  /** XChaCha20-Poly1305, as {@link sealBox} and {@link openBox}. */
  readonly sealBox: (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array) => Uint8Array;
  readonly openBox: (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, box: Uint8Array) => Uint8Array | undefined;
  /** AES-256, as {@link sealBlocks} and {@link openBlocks}. */
  readonly sealBlocks: (mode: BlockMode, key: Uint8Array, iv: Uint8Array, plain: Uint8Array) => Uint8Array;
  readonly openBlocks: (mode: BlockMode, key: Uint8Array, iv: Uint8Array, blocks: Uint8Array) => Uint8Array;
}

export const NOBLE: CryptoSuite = {
  macKey: macKeyOf,
  deriveKey,
  digest: digestOf,
  sealBox,
  openBox,
  sealBlocks,
  openBlocks,
};
