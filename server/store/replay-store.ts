/**
 * The replay cache's memory on disk. A record is durable when {@link ReplayStore.append} has come back; the file format
 * and what its damage means are in src/replay/journal.ts.
 */
import { closeSync, fdatasyncSync, readFileSync } from 'node:fs';
import { type UnixMs, unixMs } from '../../src/base/units.ts';
import { ReplayCache, type ReplayRecord } from '../../src/replay/cache.ts';
import { decodeJournal, encodeJournal, encodeRecord, SLOT_LENGTH } from '../../src/replay/journal.ts';
import { replaceFile, writeAll } from './atomic-file.ts';

/** Digests held at most: 120 s of some 2 000 genuine packets a second. */
const CACHE_CAPACITY = 250_000;
/** Free slots in a new file, at least: how many packets until the next rewrite. */
const MIN_FREE_SLOTS = 4096;

export interface ReplayOpening {
  readonly store: ReplayStore;
  readonly cache: ReplayCache;
  /** What was wrong with the journal and what follows, for the operator; undefined where all was well. */
  readonly warning: string | undefined;
}

export class ReplayStore {
  readonly #path: string;
  readonly #cache: ReplayCache;
  #fd: number | undefined;
  #slots = 0;
  #used = 0;

  private constructor(path: string, cache: ReplayCache) {
    this.#path = path;
    this.#cache = cache;
  }

  /**
   * Reads the journal at `path` and begins a new one from it. `firstStart`: there is no trace of an earlier run, so that a
   * missing journal means nothing was lost: packets of before this start are refused, unless packets do not age (`maxAge`,
   * in ms, is infinite) and none is too old. Where something was lost, every packet dated up to `lossAge` (ms) from now is
   * refused: one that was made by a clock ahead of ours may have been let in just before. Throws the system's error.
   */
  static open(path: string, now: UnixMs, maxAge: number, firstStart: boolean, lossAge = maxAge): ReplayOpening {
    const content = readIfThere(path);
    const journal = content === undefined ? undefined : decodeJournal(content);
    const damage = journal === undefined ? (firstStart ? undefined : 'it is missing') : journal.damage;
    const cache = new ReplayCache(CACHE_CAPACITY, journal?.floor ?? (Number.isFinite(maxAge) ? now : unixMs(0)));
    for (const record of journal?.records ?? []) cache.remember(record);
    if (damage !== undefined) cache.raiseFloor(unixMs(now + lossAge));
    cache.prune(now, maxAge);
    const store = new ReplayStore(path, cache);
    store.#rewrite();
    return { store, cache, warning: damage === undefined ? undefined : lossWarning(path, damage, cache.floor) };
  }

  /**
   * Makes records durable; the cache holds them already. Throws the system's error: none of them may then be relied on,
   * and the next call begins a new file. Waits for the disk here: a thread that waited for us would cost more than most syncs.
   */
  append(records: readonly ReplayRecord[]): void {
    if (records.length === 0) return;
    if (this.#fd === undefined || this.#used + records.length > this.#slots) {
      this.#rewrite();
      return;
    }
    const fd = this.#fd;
    try {
      const bytes = Buffer.concat(records.map((record, index) => encodeRecord(record, this.#used + index)));
      writeAll(fd, bytes, SLOT_LENGTH * (this.#used + 1));
      fdatasyncSync(fd);
      this.#used += records.length;
    } catch (error) {
      // After a failed sync the kernel may have dropped the pages: only a new file is to be trusted.
      this.#forgetFile();
      throw error;
    }
  }

  close(): void {
    this.#forgetFile();
  }

  #rewrite(): void {
    this.#forgetFile();
    const records = [...this.#cache.records()];
    const slots = Math.max(MIN_FREE_SLOTS, records.length) + records.length;
    this.#fd = replaceFile(this.#path, encodeJournal(slots, this.#cache.floor, records));
    this.#slots = slots;
    this.#used = records.length;
  }

  #forgetFile(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

const readIfThere = (path: string): Uint8Array | undefined => {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
};

const lossWarning = (path: string, damage: string, floor: UnixMs): string =>
  `the replay journal ${path} cannot be relied on: ${damage}; packets made before ${new Date(floor).toISOString()} are refused`;
