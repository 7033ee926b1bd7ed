/**
 * The replay cache's memory on disk. A record is durable when {@link ReplayStore.append} has come back; the file format
 * and what its damage means are in src/replay/journal.ts.
 */
import { type UnixMs, unixMs } from '../../src/base/units.ts';
import { ReplayCache, type ReplayRecord } from '../../src/replay/cache.ts';
import { decodeJournal, encodeJournal, encodeRecord } from '../../src/replay/journal.ts';
import { readIfThere, type SlotContent, SlotLog } from './slot-log.ts';

/** Digests held at most: 120 s of some 2 000 genuine packets a second. */
export const CACHE_CAPACITY = 250_000;
/** Free slots in a new file, at least: how many packets until the next rewrite. */
const MIN_FREE_SLOTS = 4096;

export interface ReplayOpening {
  readonly store: ReplayStore;
  readonly cache: ReplayCache;
  /** What was wrong with the journal and what follows, for the operator; undefined where all was well. */
  readonly warning: string | undefined;
}

export class ReplayStore {
  readonly #log: SlotLog;

  private constructor(path: string, cache: ReplayCache) {
    this.#log = new SlotLog(path, () => contentOf(cache));
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
    return { store, cache, warning: damage === undefined ? undefined : lossWarning(path, damage, cache.floor) };
  }

  /** Makes records durable; the cache holds them already. Throws the system's error: none of them may then be relied on. */
  append(records: readonly ReplayRecord[]): void {
    this.#log.append(records.map((record) => (slot) => encodeRecord(record, slot)));
  }

  close(): void {
    this.#log.close();
  }
}

const contentOf = (cache: ReplayCache): SlotContent => {
  const records = [...cache.records()];
  const slots = Math.max(MIN_FREE_SLOTS, records.length) + records.length;
  return { bytes: encodeJournal(slots, cache.floor, records), slots, used: records.length };
};

const lossWarning = (path: string, damage: string, floor: UnixMs): string =>
  `the replay journal ${path} cannot be relied on: ${damage}; packets made before ${new Date(floor).toISOString()} are refused`;
