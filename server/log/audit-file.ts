/** The audit log: one line a decision, appended. */
import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, type Stats, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

export class AuditFile {
  readonly #path: string;
  readonly #onTrouble: (message: string) => void;
  /** Whether its not being at its place has been told. */
  #told = false;
  #fd: number;

  /**
   * Opens or creates the file (0640). Throws the system's error where that cannot be. `onTrouble` hears why the file, which was
   * moved away later, could not be made anew.
   */
  constructor(path: string, onTrouble: (message: string) => void) {
    this.#path = path;
    this.#onTrouble = onTrouble;
    this.#fd = AuditFile.#open(path);
  }

  /**
   * Appends lines, in one write where the system takes them at once, to the file that has the name now: whoever has moved the
   * old one away need not say so. Throws the system's error: none of the lines is in the file then, for half a line would
   * spoil it for every reader.
   */
  append(lines: readonly string[]): void {
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    const { size } = this.#follow();
    let done = 0;
    try {
      while (done < bytes.length) done += writeSync(this.#fd, bytes, done);
    } catch (error) {
      if (done > 0) ftruncateSync(this.#fd, size);
      throw error;
    }
  }

  /** Begins a new file where the old one was moved away. Throws the system's error and keeps the old file then. */
  reopen(): void {
    const fd = AuditFile.#open(this.#path);
    closeSync(this.#fd);
    this.#fd = fd;
  }

  /** The file to write to, and what it is. */
  #follow(): Stats {
    const open = fstatSync(this.#fd);
    const named = statSync(this.#path, { throwIfNoEntry: false });
    if (named !== undefined && named.ino === open.ino && named.dev === open.dev) return open;
    try {
      this.reopen();
      this.#told = false;
      return fstatSync(this.#fd);
    } catch (error) {
      if (!this.#told) this.#onTrouble(error instanceof Error ? error.message : String(error));
      this.#told = true;
      return open;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  static #open(path: string): number {
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
    return openSync(path, 'a', 0o640);
  }
}
