/**
 * A file of slots (src/replay/slot-file.ts) that is appended to. What was appended is durable when {@link SlotLog.append} has
 * come back.
 */
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { SLOT_LENGTH } from '../../src/replay/slot-file.ts';
import { replaceFile, writeAll } from './atomic-file.ts';

/** Each write comes back when the disk has it: one call of the system where writing and syncing are two. */
const DURABLE = constants.O_WRONLY | constants.O_DSYNC;

/** A whole new file: all that is remembered, and room for more. */
export interface SlotContent {
  readonly bytes: Uint8Array;
  readonly slots: number;
  /** Slots that are filled, from the first on. */
  readonly used: number;
}

export class SlotLog {
  readonly #path: string;
  readonly #content: () => SlotContent;
  #fd: number | undefined;
  #slots = 0;
  #used = 0;

  /** Begins a new file at once. `content` gives all that is remembered by then. Throws the system's error. */
  constructor(path: string, content: () => SlotContent) {
    this.#path = path;
    this.#content = content;
    this.#rewrite();
  }

  /**
   * Makes records durable, which `content` would give already; each gives its bytes for a slot. Throws the system's error:
   * none of them may then be relied on, and the next call begins a new file. Waits for the disk here: a thread that waited
   * for us would cost more than most syncs.
   */
  append(records: readonly ((slot: number) => Uint8Array)[]): void {
    if (records.length === 0) return;
    if (this.#fd === undefined || this.#used + records.length > this.#slots) {
      this.#rewrite();
      return;
    }
    const fd = this.#fd;
    try {
      const bytes = Buffer.concat(records.map((encode, index) => encode(this.#used + index)));
      writeAll(fd, bytes, SLOT_LENGTH * (this.#used + 1));
      this.#used += records.length;
    } catch (error) {
      // After a failed write the kernel may have dropped the pages: only a new file is to be trusted.
      this.close();
      throw error;
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #rewrite(): void {
    this.close();
    const { bytes, slots, used } = this.#content();
    closeSync(replaceFile(this.#path, bytes));
    this.#fd = openSync(this.#path, DURABLE);
    this.#slots = slots;
    this.#used = used;
  }
}

/** The bytes of a file; undefined where there is none. Throws the system's error otherwise. */
export const readIfThere = (path: string): Uint8Array | undefined => {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
};
