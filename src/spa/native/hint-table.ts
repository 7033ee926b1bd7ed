/**
 * Which clients begin their packets with which 8 bytes, now.
 *
 * One map for all clients and windows: refusing junk costs one look-up whether there is one client or ten thousand.
 * Windows enter a little before they begin and leave after they end; preparing one costs an HMAC a client, so it is done
 * in slices that the caller bounds, and only what is needed at once is done at once. The window of emergency codes stays
 * for those clients that have some: one entry each, made once.
 */
import type { UnixMs } from '../../base/units.ts';
import type { HmacKey } from '../../crypto/hmac.ts';
import { equalBytes } from '../../crypto/secret.ts';
import { hintOf, windowOf } from './keys.ts';
import { CODE_WINDOW, HINT_LENGTH } from './layout.ts';

/** An entry packs its window and client into one number: window * 2^24 + client. One that stays is -1 - client. */
const CLIENT_SPAN = 0x100_0000;

interface PreparedWindow {
  readonly window: number;
  /** The map key of each client, as far as `done` says. */
  readonly keys: Float64Array;
  done: number;
}

/** 53 of the hint's 64 bits, exact as a number. */
const mapKey = (bytes: Uint8Array, offset: number): number => {
  const high =
    ((bytes[offset] ?? 0) << 24) |
    ((bytes[offset + 1] ?? 0) << 16) |
    ((bytes[offset + 2] ?? 0) << 8) |
    (bytes[offset + 3] ?? 0);
  const low = ((bytes[offset + 4] ?? 0) << 16) | ((bytes[offset + 5] ?? 0) << 8) | (bytes[offset + 6] ?? 0);
  return (high >>> 0) * 0x20_0000 + (low >>> 3);
};

export class HintTable {
  readonly #hintKeys: readonly HmacKey[];
  readonly #reach: number;
  /** A key that two clients share by chance has a list. */
  readonly #entries = new Map<number, number | readonly number[]>();
  readonly #windows = new Map<number, PreparedWindow>();

  /**
   * `reach`: how far from now, in milliseconds and on both sides, a packet's window may lie. `withCodes`: the clients that
   * window 0 is held for at any time. At most 2^24 clients.
   */
  constructor(hintKeys: readonly HmacKey[], reach: number, withCodes: readonly number[] = []) {
    this.#hintKeys = hintKeys;
    this.#reach = reach;
    for (const client of withCodes) {
      const hintKey = hintKeys[client];
      if (hintKey !== undefined) this.#enter(mapKey(hintOf(hintKey, CODE_WINDOW), 0), -1 - client);
    }
  }

  /** The number of entries, for the memory figure. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Makes the table right for `now` and prepares up to `spare` entries of the window that comes next.
   * Call it often: where the next window was prepared in time, this is two comparisons.
   */
  advance(now: UnixMs, spare: number): void {
    const first = Math.max(0, windowOf((now - this.#reach) as UnixMs));
    const last = windowOf((now + this.#reach) as UnixMs);
    for (let window = first; window <= last; window += 1) this.#prepare(window, this.#hintKeys.length);
    this.#prepare(last + 1, spare);
    if (this.#windows.size > last - first + 2) this.#drop(first, last + 1);
  }

  /** The clients whose hint stands at `offset` of `bytes` and whose window `now` allows; tries `accept` on each, the first wins. */
  find(
    bytes: Uint8Array,
    offset: number,
    now: UnixMs,
    accept: (client: number) => boolean,
  ): number | 'unknown' | 'refused' {
    if (bytes.length < offset + HINT_LENGTH) return 'unknown';
    const entry = this.#entries.get(mapKey(bytes, offset));
    if (entry === undefined) return 'unknown';
    if (typeof entry === 'number') return this.#try(entry, bytes, offset, now, accept);
    let verdict: number | 'unknown' | 'refused' = 'unknown';
    for (const one of entry) {
      const answer = this.#try(one, bytes, offset, now, accept);
      if (typeof answer === 'number') return answer;
      if (answer === 'refused') verdict = answer;
    }
    return verdict;
  }

  #try(
    entry: number,
    bytes: Uint8Array,
    offset: number,
    now: UnixMs,
    accept: (client: number) => boolean,
  ): number | 'unknown' | 'refused' {
    const stays = entry < 0;
    const window = stays ? CODE_WINDOW : Math.floor(entry / CLIENT_SPAN);
    if (!stays && !this.#isNear(window, now)) return 'unknown';
    const client = stays ? -1 - entry : entry % CLIENT_SPAN;
    const accepted = accept(client);
    // Only now, where a whole MAC has been spent anyway: the map looked at 53 bits, the format fixes all 64.
    const hintKey = this.#hintKeys[client];
    if (hintKey === undefined) return 'unknown';
    const isExact = equalBytes(hintOf(hintKey, window), bytes.subarray(offset, offset + HINT_LENGTH));
    if (!isExact) return 'unknown';
    return accepted ? client : 'refused';
  }

  #isNear(window: number, now: UnixMs): boolean {
    return window >= windowOf((now - this.#reach) as UnixMs) && window <= windowOf((now + this.#reach) as UnixMs);
  }

  #prepare(window: number, most: number): void {
    let prepared = this.#windows.get(window);
    if (prepared === undefined) {
      prepared = { window, keys: new Float64Array(this.#hintKeys.length), done: 0 };
      this.#windows.set(window, prepared);
    }
    const end = Math.min(this.#hintKeys.length, prepared.done + most);
    for (; prepared.done < end; prepared.done += 1) {
      const hintKey = this.#hintKeys[prepared.done];
      if (hintKey !== undefined) this.#add(prepared, prepared.done, mapKey(hintOf(hintKey, window), 0));
    }
  }

  #add(prepared: PreparedWindow, client: number, key: number): void {
    prepared.keys[client] = key;
    this.#enter(key, prepared.window * CLIENT_SPAN + client);
  }

  #enter(key: number, entry: number): void {
    const before = this.#entries.get(key);
    if (before === undefined) this.#entries.set(key, entry);
    else this.#entries.set(key, typeof before === 'number' ? [before, entry] : [...before, entry]);
  }

  /** Forgets every window outside `first` to `last`, whichever way the clock went. */
  #drop(first: number, last: number): void {
    for (const prepared of this.#windows.values()) {
      if (prepared.window >= first && prepared.window <= last) continue;
      for (let client = 0; client < prepared.done; client += 1) {
        this.#remove(prepared.keys[client] ?? 0, prepared.window * CLIENT_SPAN + client);
      }
      this.#windows.delete(prepared.window);
    }
  }

  #remove(key: number, entry: number): void {
    const held = this.#entries.get(key);
    if (held === entry) this.#entries.delete(key);
    else if (typeof held === 'object') {
      const rest = held.filter((one) => one !== entry);
      const [only] = rest;
      if (only === undefined) this.#entries.delete(key);
      else this.#entries.set(key, rest.length === 1 ? only : rest);
    }
  }
}
