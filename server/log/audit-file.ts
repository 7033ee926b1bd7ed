/** The audit log: one line a decision, appended. */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

export class AuditFile {
  readonly #path: string;
  #fd: number;

  /** Opens or creates the file (0640). Throws the system's error where that cannot be. */
  constructor(path: string) {
    this.#path = path;
    this.#fd = AuditFile.#open(path);
  }

  /** Appends lines in one write. Throws the system's error; the lines are then lost, and the caller says so. */
  append(lines: readonly string[]): void {
    writeSync(this.#fd, lines.map((line) => `${line}\n`).join(''));
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
