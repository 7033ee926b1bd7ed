/**
 * Which clients begin their packets with which 8 bytes, now.
 *
 * One table for all clients and windows, without an object for any of them: refusing junk costs one look-up, which takes
 * the same time and allocates nothing, be there one client or ten thousand. The table is made once, for as many entries as
 * there can ever be, and is never more than half full.
 *
 * Windows enter a little before they begin. Preparing one costs an HMAC a client, so it is done in slices that the caller
 * bounds, and only what is needed at once is done at once. Windows that have ended stay, unheeded, until their places are
 * taken, entry by entry, by one to come; so nothing is ever cleared in one go. Emergency codes stay for those clients that
 * have some: one entry each, made once.
 */
import type { UnixMs } from '../../base/units.ts';
import type { MacKey } from '../../crypto/hmac.ts';
import { hintMessage, windowOf } from './keys.ts';
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
  readonly #hintKeys: readonly MacKey[];
  readonly #reach: number;
  readonly #rows: number;
  /** Of each row, the window it holds, and for how many clients, the first ones, it does. */
  readonly #windows: Float64Array;
  readonly #done: Int32Array;
  readonly #withCodes: readonly number[];
  readonly #index: PairIndex;

  /**
   * `reach`: how far from now, in milliseconds and on both sides, a packet's window may lie. `withCodes`: the clients that
   * window 0 is held for at any time.
   */
  constructor(hintKeys: readonly MacKey[], reach: number, withCodes: readonly number[] = []) {
    this.#hintKeys = hintKeys;
    this.#reach = reach;
    this.#rows = windowsWithin(reach);
    this.#windows = new Float64Array(this.#rows).fill(-1);
    this.#done = new Int32Array(this.#rows);
    this.#withCodes = withCodes.filter((client) => hintKeys[client] !== undefined);
    this.#index = new PairIndex(this.#rows * hintKeys.length + this.#withCodes.length);
    const message = hintMessage(CODE_WINDOW);
    for (const [place, client] of this.#withCodes.entries())
      this.#enter(this.#rows * hintKeys.length + place, client, message);
  }

  /** The number of entries, for the memory figure. */
  get size(): number {
    return this.#index.size;
  }

  /**
   * Makes the table right for `now`, and prepares up to `spare` entries of the window that comes next; says how many
   * entries it has prepared. Call it often: where the next window was prepared in time, this is a few comparisons.
   */
  advance(now: UnixMs, spare: number): number {
    const first = Math.max(0, windowOf((now - this.#reach) as UnixMs));
    const last = windowOf((now + this.#reach) as UnixMs);
    let prepared = 0;
    let isAbrupt = false;
    for (let window = first; window <= last; window += 1) {
      isAbrupt ||= !this.#isBegun(window);
      prepared += this.#prepare(window, this.#hintKeys.length);
    }
    // At the start, and after a step of the clock, the window that comes next may be a second away.
    return prepared + this.#prepare(Math.max(first, last + 1), isAbrupt ? this.#hintKeys.length : spare);
  }

  /**
   * The place of an entry whose hint stands at `offset` of `bytes`, where all 8 bytes of it must be, and whose window `now`
   * allows; or {@link NOWHERE}. Clients that share a hint have several, in their order: `after` is the place of the one
   * before.
   */
  find(bytes: Uint8Array, offset: number, now: UnixMs, after: number = NOWHERE): number {
    const high = wordAt(bytes, offset);
    const low = wordAt(bytes, offset + 4);
    let place = after === NOWHERE ? this.#index.first(high, low) : this.#index.next(after, high, low);
    while (place !== NOWHERE && !this.#holds(place, now)) place = this.#index.next(place, high, low);
    return place;
  }

  /** The client of the entry at `place`, which {@link find} has given. */
  clientAt(place: number): number {
    const entry = this.#index.entryAt(place);
    const clients = this.#hintKeys.length;
    const beyond = entry - this.#rows * clients;
    return beyond >= 0 ? (this.#withCodes[beyond] ?? 0) : entry % clients;
  }

  /** Whether the entry at `place` is of a window that `now` allows, and not left over from another one. */
  #holds(place: number, now: UnixMs): boolean {
    const entry = this.#index.entryAt(place);
    const clients = this.#hintKeys.length;
    const row = Math.floor(entry / clients);
    if (row >= this.#rows) return true;
    if (entry % clients >= (this.#done[row] ?? 0)) return false;
    const window = this.#windows[row] ?? -1;
    return window >= windowOf((now - this.#reach) as UnixMs) && window <= windowOf((now + this.#reach) as UnixMs);
  }

  #isBegun(window: number): boolean {
    return this.#windows[window % this.#rows] === window;
  }

  /** Prepares up to `most` entries of the window that are not there yet. */
  #prepare(window: number, most: number): number {
    const row = window % this.#rows;
    if (!this.#isBegun(window)) {
      this.#windows[row] = window;
      this.#done[row] = 0;
    }
    const clients = this.#hintKeys.length;
    const start = this.#done[row] ?? 0;
    const end = Math.min(clients, start + most);
    if (start >= end) return 0;
    const message = hintMessage(window);
    for (let client = start; client < end; client += 1) this.#enter(row * clients + client, client, message);
    this.#done[row] = end;
    return end - start;
  }

  #enter(entry: number, client: number, message: Uint8Array): void {
    const hint = this.#hintKeys[client]?.mac(message);
    if (hint !== undefined) this.#index.set(entry, wordAt(hint, 0), wordAt(hint, 4));
  }
}

/** Four bytes as a number, signed, which V8 keeps without an object. */
const wordAt = (bytes: Uint8Array, offset: number): number =>
  ((bytes[offset] ?? 0) << 24) |
  ((bytes[offset + 1] ?? 0) << 16) |
  ((bytes[offset + 2] ?? 0) << 8) |
  (bytes[offset + 3] ?? 0);
