import type { UnixMs } from '../src/base/units.ts';
import type { Environment } from './places.ts';

/** What spa-keys needs of the world beside files; tests pass their own. */
export interface KeysIo {
  /** Standard output. */
  out(text: string): void;
  /** Standard error. */
  err(text: string): void;
  readonly env: Environment;
  /** One line of the terminal, typed without echo. @throws Trouble with the sentence `otherwise` where there is no terminal. */
  askSecret(prompt: string, otherwise: string): string;
  now(): UnixMs;
  /** `length` bytes that nobody can foretell. */
  random(length: number): Uint8Array;
}
