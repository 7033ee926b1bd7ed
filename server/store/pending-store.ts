/** A log of what is still to be done on disk. Without a folder that can be written it is in memory alone, and says so. */
import { closeSync, existsSync, fdatasync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  decodePendingLog,
  encodePendingEvent,
  type PendingEvent,
  type PendingFormat,
} from '../../src/base/pending-log.ts';
import { encodeUtf8 } from '../../src/bytes/encoding.ts';
import { replaceFile } from './atomic-file.ts';

/** Lines beyond four for each pending thing, before the log is written anew. */
const SLACK_LINES = 1000;

export class PendingStore<T extends { readonly id: string }> {
  readonly #path: string;
  readonly #format: PendingFormat<T>;
  readonly #what: string;
  readonly #warn: (text: string) => void;
  readonly #pending = new Map<string, T>();
  #fd: number | undefined;
  #lines = 0;
  #syncing = false;

  /** Reads what an earlier run has left. `warn` is told once when the log cannot be written, of `what`, a plural. */
  constructor(path: string, format: PendingFormat<T>, what: string, warn: (text: string) => void) {
    this.#path = path;
    this.#format = format;
    this.#what = what;
    this.#warn = warn;
    const log = this.#read();
    if (log.unreadable > 0) warn(`${path}: ${String(log.unreadable)} lines could not be read`);
    for (const stop of log.pending) this.#pending.set(stop.id, stop);
    this.#rewrite();
  }

  get pending(): readonly T[] {
    return [...this.#pending.values()];
  }

  get(id: string): T | undefined {
    return this.#pending.get(id);
  }

  get size(): number {
    return this.#pending.size;
  }

  /** Whether what is put there survives a crash; where it would not, the log is begun anew first. */
  get isKept(): boolean {
    if (this.#fd === undefined) this.#rewrite();
    return this.#fd !== undefined;
  }

  put(stop: T): void {
    this.#pending.set(stop.id, stop);
    this.#append({ kind: 'pending', stop });
  }

  /** It has been begun, or need not be any more. */
  done(id: string): void {
    this.#pending.delete(id);
    this.#append({ kind: 'done', id });
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #read(): ReturnType<typeof decodePendingLog<T>> {
    try {
      return decodePendingLog(existsSync(this.#path) ? readFileSync(this.#path, 'utf8') : '', this.#format);
    } catch (error) {
      this.#warn(`${this.#path}: ${error instanceof Error ? error.message : String(error)}`);
      return { pending: [], unreadable: 0 };
    }
  }

  #append(event: PendingEvent<T>): void {
    if (this.#fd === undefined) return;
    if (this.#lines > SLACK_LINES + 4 * this.#pending.size) {
      this.#rewrite();
      return;
    }
    try {
      writeSync(this.#fd, `${encodePendingEvent(event, this.#format)}\n`);
      this.#lines += 1;
      this.#syncSoon(this.#fd);
    } catch (error) {
      this.#lose(error);
    }
  }

  /** Survives kill -9 at once, and a power cut as soon as the disk has taken it; commands do not wait for that. */
  #syncSoon(fd: number): void {
    if (this.#syncing) return;
    this.#syncing = true;
    fdatasync(fd, () => {
      this.#syncing = false;
    });
  }

  #rewrite(): void {
    this.close();
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      const lines = this.pending.map((stop) => `${encodePendingEvent({ kind: 'pending', stop }, this.#format)}\n`);
      closeSync(replaceFile(this.#path, encodeUtf8(lines.join(''))));
      this.#fd = openSync(this.#path, 'a');
      this.#lines = lines.length;
    } catch (error) {
      this.#lose(error);
    }
  }

  #lose(error: unknown): void {
    this.close();
    const reason = error instanceof Error ? error.message : String(error);
    this.#warn(`warning: ${this.#what} will not survive a crash: ${reason}`);
  }
}
