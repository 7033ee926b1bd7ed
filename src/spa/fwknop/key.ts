/** fwknop's keys and the names of its algorithms, as its configuration writes them in capitals. */

/** Digest and HMAC types; the place in the list plus one is fwknop's number. */
export const FWKNOP_DIGESTS = ['md5', 'sha1', 'sha256', 'sha384', 'sha512', 'sha3_256', 'sha3_512'] as const;

export type FwknopDigest = (typeof FWKNOP_DIGESTS)[number];

/** Encryption modes of AES-256. `legacy` is CBC with the key rule of clients before 2.5. */
export const FWKNOP_MODES = ['cbc', 'ecb', 'cfb', 'ofb', 'ctr', 'legacy'] as const;

export type FwknopMode = (typeof FWKNOP_MODES)[number];

export interface FwknopCipherKey {
  /** 1 to 32 bytes: the text of KEY as it stands, or what KEY_BASE64 decodes to. */
  readonly passphrase: Uint8Array;
  readonly mode: FwknopMode;
}

export interface FwknopHmacKey {
  readonly type: FwknopDigest;
  /** 1 to 128 bytes. */
  readonly key: Uint8Array;
}
