/**
 * Which hints the kernel has to know, when, and for how long: the same windows that {@link HintTable} looks up, for a set
 * whose elements end by themselves. Nothing is ever taken out, so nothing that is given may be wrong: an element lasts
 * until no honest clock can be in its window any more, and somewhat longer.
 */
import { type UnixMs, unixMs } from '../../base/units.ts';
import { type MacFactory, macKeyOf } from '../../crypto/hmac.ts';
import { hintOf, windowOf } from './keys.ts';
import { CODE_WINDOW, WINDOW_MS } from './layout.ts';

/** A hint, and until when (Unix time in ms) it has to be known; undefined: for good. */
export interface TimedHint {
  /** 8 bytes. */
  readonly hint: Uint8Array;
  readonly until: UnixMs | undefined;
}

/** How much longer than needed a hint is known, in ms: by so much the wall clock may fall behind the one that elements end by. */
export const GRACE_MS = 60_000;

interface Window {
  readonly number: number;
  /** How many clients, from the first on, have been given. */
  done: number;
}

export class HintSchedule {
  readonly #keys: readonly Uint8Array[];
  readonly #reach: number;
  readonly #withCodes: readonly number[];
  readonly #makeMac: MacFactory;
  readonly #windows = new Map<number, Window>();
  #codesDone = 0;

  /**
   * `keys`: each client's hint key, 32 bytes. `reach`: how far from now, in milliseconds and on both sides, a packet's window
   * may lie. `withCodes`: the clients that window 0 is known of for good. `makeMac`: what computes the MACs; the same bytes
   * whichever it is.
   */
  constructor(
    keys: readonly Uint8Array[],
    reach: number,
    withCodes: readonly number[] = [],
    makeMac: MacFactory = macKeyOf,
  ) {
    this.#makeMac = makeMac;
    this.#keys = keys;
    this.#reach = reach;
    this.#withCodes = withCodes;
  }

  /** At most `most` hints that a packet may begin with at `now` and that have not been given yet, those of the nearest windows first. */
  due(now: UnixMs, most: number): readonly TimedHint[] {
    const { first, last } = this.#span(now);
    this.#forget(first, last + 1);
    const hints = this.#codes(most);
    const middle = windowOf(now);
    for (let distance = 0; distance <= last - first && hints.length < most; distance += 1) {
      for (const number of distance === 0 ? [middle] : [middle - distance, middle + distance]) {
        if (number >= first && number <= last) hints.push(...this.#give(number, most - hints.length));
      }
    }
    return hints;
  }

  /** At most `most` hints of the window that comes next, so that it is known before anybody is in it. */
  ahead(now: UnixMs, most: number): readonly TimedHint[] {
    return this.#give(this.#span(now).last + 1, most);
  }

  #span(now: UnixMs): { readonly first: number; readonly last: number } {
    return {
      first: Math.max(0, windowOf(unixMs(now - this.#reach))),
      last: windowOf(unixMs(now + this.#reach)),
    };
  }

  #codes(most: number): TimedHint[] {
    const clients = this.#withCodes.slice(this.#codesDone, this.#codesDone + most);
    this.#codesDone += clients.length;
    return clients.map((client) => ({ hint: this.#hint(client, CODE_WINDOW), until: undefined }));
  }

  #give(number: number, most: number): TimedHint[] {
    const window = this.#windows.get(number) ?? { number, done: 0 };
    this.#windows.set(number, window);
    const end = Math.min(this.#keys.length, window.done + Math.max(0, most));
    const until = unixMs((number + 1) * WINDOW_MS + this.#reach + GRACE_MS);
    const hints: TimedHint[] = [];
    for (; window.done < end; window.done += 1) hints.push({ hint: this.#hint(window.done, number), until });
    return hints;
  }

  /** Made anew each time: keeping a state for each client would take far more memory than this takes time. */
  #hint(client: number, window: number): Uint8Array {
    const key = this.#keys[client];
    if (key === undefined) throw new RangeError(`there is no client ${String(client)}`);
    return hintOf(this.#makeMac('sha256', key), window);
  }

  #forget(first: number, last: number): void {
    for (const number of this.#windows.keys()) if (number < first || number > last) this.#windows.delete(number);
  }
}
