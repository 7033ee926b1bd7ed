/**
 * Which clients begin their packets with which 8 bytes, now.
 *
 * One table for all clients and windows, without an object for any of them: refusing junk costs one look-up, which takes
 * the same time and allocates nothing, be there one client or ten thousand. The table is made once, for as many entries as
 * there can ever be, and is never more than half full.
 *
 * Windows enter a little before they begin. Each costs an HMAC a client, so all is made in slices that the caller bounds,
 * the nearest windows first. At a start, and after a step of the clock, a packet may come before all that it could be of is
 * there: the first question then makes the rest at once, so that no honest packet is ever refused for it. Windows that have
 * ended stay, unheeded, until their places are taken, entry by entry, by one to come; so nothing is ever cleared in one go.
 * Emergency codes stay for those clients that have some: one entry each, made once.
 */
import type { UnixMs } from '../../base/units.ts';
import { hasEnded, type HintSource } from './hint-maker.ts';
import { windowOf } from './keys.ts';
import { CODE_WINDOW, WINDOW_MS } from './layout.ts';
import { PairIndex } from './pair-index.ts';

/** Where {@link HintTable.find} begins, and what it gives where there is nothing more. */
export const NOWHERE = -1;

/** How many windows can lie within `reach` milliseconds of a moment, on either side, and one to come. */
const windowsWithin = (reach: number): number => Math.ceil((2 * reach) / WINDOW_MS) + 2;

/**
 * An entry is a client in a row of the table. A row holds one window: that whose number leaves the row's number when it is
 * divided by the number of rows. Windows that are wanted together are neighbours, so no two of them want the same row.
 */
export class HintTable {
  readonly #source: HintSource;
  readonly #clients: number;
  readonly #reach: number;
  readonly #rows: number;
  /** Of each row, the window it holds, and for how many clients, the first ones, it does. */
  readonly #windows: Float64Array;
  readonly #done: Int32Array;
  readonly #index: PairIndex;
  /** From when and until when (ms, exclusive) every window that a packet may be of is there. */
  #from = Number.POSITIVE_INFINITY;
  #until = Number.NEGATIVE_INFINITY;

  /** `reach`: how far from now, in milliseconds and on both sides, a packet's window may lie. */
  constructor(source: HintSource, reach: number) {
    const { clients, withCodes } = source;
    this.#source = source;
    this.#clients = clients;
    this.#reach = reach;
    this.#rows = windowsWithin(reach);
    this.#windows = new Float64Array(this.#rows).fill(-1);
    this.#done = new Int32Array(this.#rows);
    this.#index = new PairIndex(this.#rows * clients + withCodes.length);
    for (const [place, client] of withCodes.entries()) this.#enter(this.#rows * clients + place, client, CODE_WINDOW);
  }

  /** The number of entries, for the memory figure. */
  get size(): number {
    return this.#index.size;
  }

  /**
   * Makes up to `most` entries: of the windows that a packet may be of at `now`, the nearest first, and then of the one that
   * comes next. Says how many. Call it often: where all is there, this is a few comparisons.
   */
  advance(now: UnixMs, most: number): number {
    const middle = windowOf(now);
    const [first, last] = [this.#firstAt(now), this.#lastAt(now)];
    let left = most;
    for (let distance = 0; distance <= last - first; distance += 1) {
      if (middle - distance >= first) left -= this.#prepare(middle - distance, left);
      if (distance > 0 && middle + distance <= last) left -= this.#prepare(middle + distance, left);
    }
    left -= this.#prepare(last + 1, left);
    this.#note(first, last);
    return most - left;
  }

  /** Whether every window is there that a packet may be of at `now`. */
  isReady(now: UnixMs): boolean {
    return now >= this.#from && now < this.#until;
  }

  /**
   * The place of an entry whose hint stands at `offset` of `bytes`, where all 8 bytes of it must be, and whose window `now`
   * allows; or {@link NOWHERE}. Clients that share a hint have several: `after` is the place of the one before. Makes what is
   * not there yet, and allocates nothing.
   */
  find(bytes: Uint8Array, offset: number, now: UnixMs, after: number = NOWHERE): number {
    // Where it was ready for the first question it is for those that follow from it: their `now` is the same.
    if (!this.isReady(now)) this.advance(now, this.#rows * this.#clients);
    const high = wordAt(bytes, offset);
    const low = wordAt(bytes, offset + 4);
    let place = after === NOWHERE ? this.#index.first(high, low) : this.#index.next(after, high, low);
    while (place !== NOWHERE && !this.#holds(place, now)) place = this.#index.next(place, high, low);
    return place;
  }

  /** The client of the entry at `place`, which {@link find} has given. */
  clientAt(place: number): number {
    const entry = this.#index.entryAt(place);
    const beyond = entry - this.#rows * this.#clients;
    return beyond >= 0 ? (this.#source.withCodes[beyond] ?? 0) : entry % this.#clients;
  }

  /** Whether the entry at `place` is of a key and a window that `now` allows, and not left over from another one. */
  #holds(place: number, now: UnixMs): boolean {
    const entry = this.#index.entryAt(place);
    const row = Math.floor(entry / this.#clients);
    if (hasEnded(this.#source, this.clientAt(place), now)) return false;
    if (row >= this.#rows) return true;
    if (entry % this.#clients >= (this.#done[row] ?? 0)) return false;
    const window = this.#windows[row] ?? -1;
    return window >= this.#firstAt(now) && window <= this.#lastAt(now);
  }

  #firstAt(now: UnixMs): number {
    return Math.max(0, windowOf((now - this.#reach) as UnixMs));
  }

  #lastAt(now: UnixMs): number {
    return Math.max(0, windowOf((now + this.#reach) as UnixMs));
  }

  /** Notes how long all will be there, after the windows from `first` to `last` have been seen to. */
  #note(first: number, last: number): void {
    let window = first;
    while (window <= last + 1 && this.#isWhole(window)) window += 1;
    if (window > last) {
      this.#from = first === 0 ? Number.NEGATIVE_INFINITY : first * WINDOW_MS + this.#reach;
      this.#until = window * WINDOW_MS - this.#reach;
    } else {
      this.#from = Number.POSITIVE_INFINITY;
      this.#until = Number.NEGATIVE_INFINITY;
    }
  }

  #isWhole(window: number): boolean {
    const row = window % this.#rows;
    return this.#windows[row] === window && this.#done[row] === this.#clients;
  }

  /** Prepares up to `most` entries of the window that are not there yet. */
  #prepare(window: number, most: number): number {
    const row = window % this.#rows;
    if (this.#windows[row] !== window) {
      this.#windows[row] = window;
      this.#done[row] = 0;
    }
    const start = this.#done[row] ?? 0;
    const end = Math.min(this.#clients, start + most);
    for (let client = start; client < end; client += 1) this.#enter(row * this.#clients + client, client, window);
    this.#done[row] = end;
    return end - start;
  }

  #enter(entry: number, client: number, window: number): void {
    const hint = this.#source.make(client, window);
    this.#index.set(entry, wordAt(hint, 0), wordAt(hint, 4));
  }
}

/** Four bytes as a number, signed, which V8 keeps without an object. */
const wordAt = (bytes: Uint8Array, offset: number): number =>
  ((bytes[offset] ?? 0) << 24) |
  ((bytes[offset + 1] ?? 0) << 16) |
  ((bytes[offset + 2] ?? 0) << 8) |
  (bytes[offset + 3] ?? 0);
