/** The audit log: one line a decision, appended. */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

const NEWLINE = 0x0a;

export class AuditFile {
  readonly #path: string;
  #fd: number;
  #isTorn = false;

  /** Opens or creates the file (0640). Throws the system's error where that cannot be. */
  constructor(path: string) {
    this.#path = path;
    this.#fd = AuditFile.#open(path);
  }

  /**
   * Appends lines, in one write where the system takes them at once. Throws the system's error: some of the lines are lost
   * then, and the caller says so. Half a line that a full disk has left is ended before the next one.
   */
  append(lines: readonly string[]): void {
    const bytes = Buffer.from(`${this.#isTorn ? '\n' : ''}${lines.map((line) => `${line}\n`).join('')}`);
    let done = 0;
    try {
      while (done < bytes.length) done += writeSync(this.#fd, bytes, done);
    } finally {
      if (done > 0) this.#isTorn = bytes[done - 1] !== NEWLINE;
    }
  }

  /** Begins a new file where the old one was moved away. Throws the system's error and keeps the old file then. */
  reopen(): void {
    const fd = AuditFile.#open(this.#path);
    closeSync(this.#fd);
    this.#fd = fd;
    this.#isTorn = false;
  }

  close(): void {
    closeSync(this.#fd);
  }

  static #open(path: string): number {
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
    return openSync(path, 'a', 0o640);
  }
}
