import { decodeBase64, encodeBase64, encodeHex } from '../bytes/encoding.ts';
import { sha256 } from './digest.ts';

/** Length in bytes of a client's secret and of every key derived from it. */
export const SECRET_LENGTH = 32;

/** Bytes of a fingerprint. */
export const FINGERPRINT_LENGTH = 8;

/** {@link FINGERPRINT_LENGTH} bytes as `a1b2:c3d4:e5f6:0708`. */
export const formatFingerprint = (bytes: Uint8Array): string => encodeHex(bytes).replace(/(.{4})(?=.)/g, '$1:');

/**
 * Bytes that must not be printed. Every accidental way out (string, JSON, inspection) gives `[secret]`; the deliberate
 * ones are named so that a reader finds them.
 */
export class Secret {
  readonly #bytes: Uint8Array;

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Undefined unless there are {@link SECRET_LENGTH} bytes, not all of them equal. */
  static fromBytes(bytes: Uint8Array): Secret | undefined {
    if (bytes.length !== SECRET_LENGTH || bytes.every((byte) => byte === bytes[0])) return undefined;
    // Not `slice`, which does not copy a Buffer.
    return new Secret(Uint8Array.from(bytes));
  }

  static fromBase64(text: string): Secret | undefined {
    const bytes = decodeBase64(text);
    if (bytes === undefined) return undefined;
    const secret = Secret.fromBytes(bytes);
    // The secret has a copy.
    bytes.fill(0);
    return secret;
  }

  reveal(): Uint8Array {
    return this.#bytes;
  }

  revealBase64(): string {
    return encodeBase64(this.#bytes);
  }

  /** The first 8 bytes of SHA-256 under a prefix of its own, as `a1b2:c3d4:e5f6:0708`: tells two secrets apart, discloses none. */
  fingerprint(): string {
    const label = new TextEncoder().encode('spa fingerprint ');
    const input = new Uint8Array(label.length + this.#bytes.length);
    input.set(label);
    input.set(this.#bytes, label.length);
    return formatFingerprint(sha256(input).subarray(0, FINGERPRINT_LENGTH));
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]';
  }
}

/** Compares in a time that depends on the lengths alone. */
export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let index = 0; index < a.length; index += 1) difference |= (a[index] ?? 0) ^ (b[index] ?? 0);
  return difference === 0;
};
