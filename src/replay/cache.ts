/**
 * The packets already seen, so that none opens twice.
 *
 * Theory. A packet is fresh for `maxAge` around its own time, so a digest must be held until its time + maxAge has
 * passed. Memory is bounded, so what is let go raises a floor: any packet of a time at or below the floor is refused
 * whether or not it was seen. Forgetting thus costs honest latecomers a refusal and never costs a replay. The floor only
 * rises; a clock that steps back changes nothing.
 *
 * Digests lie in buckets of one second of packet time: the oldest bucket is what goes first, whole.
 */
import { type UnixMs, unixMs } from '../base/units.ts';
import { bytesKey } from '../bytes/encoding.ts';
import type { ReplayRejection } from '../spa/rejection.ts';

/** One packet that was let in. */
export interface ReplayRecord {
  /** 16 bytes. */
  readonly digest: Uint8Array;
  /** The packet's own time. */
  readonly time: UnixMs;
}

/** The memory that one takes, about. */
export const RECORD_BYTES = 200;

interface Bucket {
  readonly records: Map<string, ReplayRecord>;
  latest: UnixMs;
}

export class ReplayCache {
  readonly #capacity: number;
  readonly #buckets = new Map<number, Bucket>();
  #floor: UnixMs;
  #size = 0;

  /** `capacity`: digests held at most ({@link RECORD_BYTES} each). `floor`: packets of this time or earlier are refused. */
  constructor(capacity: number, floor: UnixMs) {
    this.#capacity = capacity;
    this.#floor = floor;
  }

  get floor(): UnixMs {
    return this.#floor;
  }

  get size(): number {
    return this.#size;
  }

  /** Why a packet must not pass, or undefined where it is new. Changes nothing. */
  judge(digest: Uint8Array, time: UnixMs): ReplayRejection | undefined {
    if (this.#buckets.get(second(time))?.records.has(bytesKey(digest)) === true) return 'replayed';
    return time <= this.#floor ? 'below-floor' : undefined;
  }

  /** Holds a digest from now on; where the cache is full, its oldest second is let go first. */
  remember(record: ReplayRecord): void {
    const key = second(record.time);
    const bucket = this.#buckets.get(key) ?? { records: new Map<string, ReplayRecord>(), latest: record.time };
    this.#buckets.set(key, bucket);
    const before = bucket.records.size;
    bucket.records.set(bytesKey(record.digest), record);
    this.#size += bucket.records.size - before;
    bucket.latest = unixMs(Math.max(bucket.latest, record.time));
    while (this.#size > this.#capacity) this.#forget(Math.min(...this.#buckets.keys()));
  }

  /** Lets go of what is `maxAge` (milliseconds) past at `now`. */
  prune(now: UnixMs, maxAge: number): void {
    for (const [key, bucket] of this.#buckets) {
      if (bucket.latest + maxAge < now) this.#forget(key);
    }
  }

  /** Refuses everything of `time` or earlier from now on; a lower value than the present floor changes nothing. */
  raiseFloor(time: UnixMs): void {
    this.#floor = unixMs(Math.max(this.#floor, time));
  }

  *records(): Generator<ReplayRecord> {
    for (const bucket of this.#buckets.values()) yield* bucket.records.values();
  }

  #forget(key: number): void {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return;
    this.#buckets.delete(key);
    this.#size -= bucket.records.size;
    this.raiseFloor(bucket.latest);
  }
}

const second = (time: UnixMs): number => Math.floor(time / 1000);
