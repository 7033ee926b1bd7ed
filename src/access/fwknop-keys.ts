import type { FwknopCipherKey, FwknopHmacKey } from '../spa/fwknop/key.ts';

/** How packets that are sealed with GnuPG are read and whom they must come from: the GPG_ variables of access.conf. */
export interface GpgKeys {
  readonly homeDir: string;
  /** GPG_EXE. */
  readonly program: string;
  /** GPG_DECRYPT_ID. */
  readonly recipient: string | undefined;
  /** GPG_DECRYPT_PW; undefined: GPG_ALLOW_NO_PW. */
  readonly password: string | undefined;
  /** False: GPG_DISABLE_SIG. */
  readonly requireSignature: boolean;
  /** GPG_IGNORE_SIG_VERIFY_ERROR. */
  readonly ignoreBadSignature: boolean;
  /** GPG_REMOTE_ID: the last 8 hexadecimal digits of a signer's key; GPG_FINGERPRINT_ID: all of them. None: any signer. */
  readonly signerIds: readonly string[];
  readonly signerFingerprints: readonly string[];
}

/** The keys of one stanza of fwknop's. */
export interface FwknopKeys {
  /** At least one of `cipher` and `gpg` is there. */
  readonly cipher: FwknopCipherKey | undefined;
  readonly gpg: GpgKeys | undefined;
  /** Undefined only where the operator has asked for it: packets are then not authenticated before they are read. */
  readonly hmac: FwknopHmacKey | undefined;
}
