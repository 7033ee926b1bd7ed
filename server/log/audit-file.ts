/** The audit log: one line a decision, appended. */
import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

export class AuditFile {
  readonly #path: string;
  #fd: number;

  /** Opens or creates the file (0640). Throws the system's error where that cannot be. */
  constructor(path: string) {
    this.#path = path;
    this.#fd = AuditFile.#open(path);
  }

  /**
   * Appends lines, in one write where the system takes them at once. Throws the system's error: none of the lines is in the
   * file then, for half a line would spoil it for every reader.
   */
  append(lines: readonly string[]): void {
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    const { size } = fstatSync(this.#fd);
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

  close(): void {
    closeSync(this.#fd);
  }

  static #open(path: string): number {
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
    return openSync(path, 'a', 0o640);
  }
}
