/** The grant log on disk: what a daemon that comes back still has open. Not synced; see src/grant/record.ts for why. */
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { encodeUtf8 } from '../../src/bytes/encoding.ts';
import {
  decodeGrantLog,
  encodeGrantEvent,
  eventsOfLog,
  type GrantEvent,
  type GrantLog,
  type LogMoment,
} from '../../src/grant/record.ts';
import { replaceFile } from './atomic-file.ts';

/** Lines beyond four for each that holds, before the log is written anew. */
const SLACK_LINES = 1000;

/** Its name in the state folder. */
export const GRANT_LOG = 'grants.log';

export class GrantStore {
  readonly #path: string;
  readonly #now: () => LogMoment;
  #fd: number | undefined;
  #lines = 0;
  /** With more lines than this the live grants are counted anew: not at each append, for there may be many. */
  #room = SLACK_LINES;

  private constructor(path: string, now: () => LogMoment) {
    this.#path = path;
    this.#now = now;
  }

  /** Whether an earlier run has left its log. */
  static exists(path: string): boolean {
    return existsSync(path);
  }

  /**
   * Reads what an earlier run has left, and begins a new log with it; what of it is over is struck off by who tells that. Throws
   * the system's error.
   */
  static open(path: string, now: () => LogMoment): GrantLog & { readonly store: GrantStore } {
    const store = new GrantStore(path, now);
    const log = decodeGrantLog(existsSync(path) ? readFileSync(path, 'utf8') : '', now());
    store.#rewrite(eventsOfLog(log));
    return { store, ...log };
  }

  /** Appends what happened. `all` gives all that still holds, for when the log has grown too long. Throws the system's error. */
  append(events: readonly GrantEvent[], all: () => readonly GrantEvent[]): void {
    if (events.length === 0) return;
    if (this.#fd === undefined || this.#lines > this.#room) {
      const held = all();
      this.#room = SLACK_LINES + 4 * held.length;
      if (this.#fd === undefined || this.#lines > this.#room) {
        this.#rewrite(held);
        return;
      }
    }
    try {
      writeSync(this.#fd, this.#text(events));
      this.#lines += events.length;
    } catch (error) {
      // Half a line may stand at the end now; the next call begins a new log.
      this.close();
      throw error;
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #rewrite(events: readonly GrantEvent[]): void {
    this.close();
    closeSync(replaceFile(this.#path, encodeUtf8(this.#text(events))));
    this.#fd = openSync(this.#path, 'a');
    this.#lines = events.length;
  }

  #text(events: readonly GrantEvent[]): string {
    const now = this.#now();
    return events.map((event) => `${encodeGrantEvent(event, now)}\n`).join('');
  }
}
