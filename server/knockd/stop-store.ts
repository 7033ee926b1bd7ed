/** The log of pending stop commands on disk. Without a folder that can be written it is in memory alone, and says so. */
import { closeSync, existsSync, fdatasync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { encodeUtf8 } from '../../src/bytes/encoding.ts';
import { decodeStopLog, encodeStopEvent, type PendingStop, type StopEvent } from '../../src/knock/stop-record.ts';
import { replaceFile } from '../store/atomic-file.ts';

/** Lines beyond four for each pending stop, before the log is written anew. */
const SLACK_LINES = 1000;

export class StopStore {
  readonly #path: string;
  readonly #warn: (text: string) => void;
  readonly #pending = new Map<string, PendingStop>();
  #fd: number | undefined;
  #lines = 0;
  #syncing = false;

  /** Reads what an earlier run has left. `warn` is told once when the log cannot be written. */
  constructor(path: string, warn: (text: string) => void) {
    this.#path = path;
    this.#warn = warn;
    const log = this.#read();
    if (log.unreadable > 0) warn(`${path}: ${String(log.unreadable)} lines could not be read`);
    for (const stop of log.pending) this.#pending.set(stop.id, stop);
    this.#rewrite();
  }

  get pending(): readonly PendingStop[] {
    return [...this.#pending.values()];
  }

  get(id: string): PendingStop | undefined {
    return this.#pending.get(id);
  }

  get size(): number {
    return this.#pending.size;
  }

  put(stop: PendingStop): void {
    this.#pending.set(stop.id, stop);
    this.#append({ kind: 'pending', stop });
  }

  /** The stop command has been started, or need not be any more. */
  done(id: string): void {
    this.#pending.delete(id);
    this.#append({ kind: 'done', id });
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #read(): ReturnType<typeof decodeStopLog> {
    try {
      return decodeStopLog(existsSync(this.#path) ? readFileSync(this.#path, 'utf8') : '');
    } catch (error) {
      this.#warn(`${this.#path}: ${error instanceof Error ? error.message : String(error)}`);
      return { pending: [], unreadable: 0 };
    }
  }

  #append(event: StopEvent): void {
    if (this.#fd === undefined) return;
    if (this.#lines > SLACK_LINES + 4 * this.#pending.size) {
      this.#rewrite();
      return;
    }
    try {
      writeSync(this.#fd, `${encodeStopEvent(event)}\n`);
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
      const lines = this.pending.map((stop) => `${encodeStopEvent({ kind: 'pending', stop })}\n`);
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
    this.#warn(`warning: pending stop commands will not survive a crash: ${reason}`);
  }
}
