import type { UnixMs } from '../src/base/units.ts';
import type { Environment } from './places.ts';

/** What spa-keys needs of the world beside files; tests pass their own. */
export interface KeysIo {
  /** Standard output. */
  out(text: string): void;
  /** Standard error. */
  err(text: string): void;
  readonly env: Environment;
  now(): UnixMs;
  /** `length` bytes that nobody can foretell. */
  random(length: number): Uint8Array;
}
