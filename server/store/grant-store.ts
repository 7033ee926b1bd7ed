/** The grant log on disk: what a daemon that comes back still has open. Not synced; see src/grant/record.ts for why. */
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Moment } from '../../src/base/units.ts';
import { encodeUtf8 } from '../../src/bytes/encoding.ts';
import type { Grant } from '../../src/grant/grant.ts';
import { decodeGrantLog, encodeGrantEvent, type GrantEvent } from '../../src/grant/record.ts';
import { replaceFile } from './atomic-file.ts';

/** Lines beyond four for each live grant, before the log is written anew. */
const SLACK_LINES = 1000;

/** Its name in the state folder. */
export const GRANT_LOG = 'grants.log';

export class GrantStore {
  readonly #path: string;
  #fd: number | undefined;
  #lines = 0;
  /** With more lines than this the live grants are counted anew: not at each append, for there may be many. */
  #room = SLACK_LINES;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Whether an earlier run has left its log. */
  static exists(path: string): boolean {
    return existsSync(path);
  }

  /** Reads what an earlier run has left open, and begins a new log with what is live at `now`. Throws the system's error. */
  static open(
    path: string,
    now: Moment,
  ): { readonly store: GrantStore; readonly grants: readonly Grant[]; readonly unreadable: number } {
    const store = new GrantStore(path);
    const log = decodeGrantLog(existsSync(path) ? readFileSync(path, 'utf8') : '', now);
    store.#rewrite(log.grants.filter((grant) => grant.ends > now.steady));
    return { store, ...log };
  }

  /** Appends what happened. `live` gives all live grants, for when the log has grown too long. Throws the system's error. */
  append(events: readonly GrantEvent[], live: () => readonly Grant[]): void {
    if (events.length === 0) return;
    if (this.#fd === undefined || this.#lines > this.#room) {
      const grants = live();
      this.#room = SLACK_LINES + 4 * grants.length;
      if (this.#fd === undefined || this.#lines > this.#room) {
        this.#rewrite(grants);
        return;
      }
    }
    try {
      writeSync(this.#fd, lines(events));
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

  #rewrite(grants: readonly Grant[]): void {
    this.close();
    closeSync(replaceFile(this.#path, encodeUtf8(lines(grants.map((grant) => ({ kind: 'open', grant }))))));
    this.#fd = openSync(this.#path, 'a');
    this.#lines = grants.length;
  }
}

const lines = (events: readonly GrantEvent[]): string => events.map((event) => `${encodeGrantEvent(event)}\n`).join('');
