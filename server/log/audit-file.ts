/** The audit log: one line a decision, appended. */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** A pipe by that name keeps nobody waiting: one without a reader cannot be opened, and one that is full takes nothing. */
const APPEND = constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | constants.O_NONBLOCK;

export class AuditFile {
  readonly #path: string;
  readonly #onTrouble: (message: string) => void;
  /** Whether its not being at its place has been told. */
  #told = false;
  /** Whether half a line stands at the end, which could not be taken back: the next line begins a new one. */
  #isTorn = false;
  #fd: number;

  /**
   * Opens or creates the file (0640, less what the umask forbids). Throws the system's error where that cannot be. `onTrouble`
   * hears why the file, which was moved away later, could not be made anew.
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
    const { size } = this.#follow();
    const bytes = Buffer.from((this.#isTorn ? '\n' : '') + lines.map((line) => `${line}\n`).join(''));
    let done = 0;
    try {
      while (done < bytes.length) done += writeSync(this.#fd, bytes, done);
      this.#isTorn = false;
    } catch (error) {
      if (done > 0) this.#takeBack(size);
      throw error;
    }
  }

  /** A pipe, and a file that may only grow (chattr(1)), cannot be cut. */
  #takeBack(size: number): void {
    try {
      ftruncateSync(this.#fd, size);
    } catch {
      this.#isTorn = true;
    }
  }

  /** Begins a new file where the old one was moved away. Throws the system's error and keeps the old file then. */
  reopen(): void {
    const fd = AuditFile.#open(this.#path);
    closeSync(this.#fd);
    this.#fd = fd;
    this.#isTorn = false;
  }

  /** The file to write to, and what it is. */
  #follow(): Stats {
    const open = fstatSync(this.#fd);
    try {
      const named = statSync(this.#path, { throwIfNoEntry: false });
      if (named !== undefined && named.ino === open.ino && named.dev === open.dev) return open;
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
    return openSync(path, APPEND, 0o640);
  }
}
