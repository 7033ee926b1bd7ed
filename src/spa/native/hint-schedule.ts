/**
 * Which hints the kernel has to know, when, and for how long: the same windows that {@link HintTable} looks up, for a set
 * whose elements end by themselves. Nothing is ever taken out, so nothing that is given may be wrong: an element lasts
 * until no honest clock can be in its window any more, and somewhat longer; but that of a key which ends goes when the key does.
 */
import { type UnixMs, unixMs } from '../../base/units.ts';
import { hasEnded, type HintSource } from './hint-maker.ts';
import { windowOf } from './keys.ts';
import { CODE_WINDOW, HINT_LENGTH, WINDOW_MS } from './layout.ts';

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
  readonly #source: HintSource;
  readonly #reach: number;
  readonly #windows = new Map<number, Window>();
  #codesDone = 0;

  /** `reach`: how far from now, in milliseconds and on both sides, a packet's window may lie. */
  constructor(source: HintSource, reach: number) {
    this.#source = source;
    this.#reach = reach;
  }

  /** At most `most` hints that a packet may begin with at `now` and that have not been given yet, those of the nearest windows first. */
  due(now: UnixMs, most: number): readonly TimedHint[] {
    const { first, last } = this.#span(now);
    this.#forget(first, last + 1);
    const hints = this.#codes(now, most);
    const middle = windowOf(now);
    for (let distance = 0; distance <= last - first && hints.length < most; distance += 1) {
      for (const number of distance === 0 ? [middle] : [middle - distance, middle + distance]) {
        if (number >= first && number <= last) hints.push(...this.#give(number, now, most - hints.length));
      }
    }
    return hints;
  }

  /** At most `most` hints of the window that comes next, so that it is known before anybody is in it. */
  ahead(now: UnixMs, most: number): readonly TimedHint[] {
    return this.#give(this.#span(now).last + 1, now, most);
  }

  #span(now: UnixMs): { readonly first: number; readonly last: number } {
    return {
      first: Math.max(0, windowOf(unixMs(now - this.#reach))),
      last: windowOf(unixMs(now + this.#reach)),
    };
  }

  #codes(now: UnixMs, most: number): TimedHint[] {
    const clients = this.#source.withCodes.slice(this.#codesDone, this.#codesDone + most);
    this.#codesDone += clients.length;
    return clients
      .filter((client) => !hasEnded(this.#source, client, now))
      .map((client) => ({ hint: this.#hint(client, CODE_WINDOW), until: this.#source.ends.get(client) }));
  }

  #give(number: number, now: UnixMs, most: number): TimedHint[] {
    const window = this.#windows.get(number) ?? { number, done: 0 };
    this.#windows.set(number, window);
    const end = Math.min(this.#source.clients, window.done + Math.max(0, most));
    const last = (number + 1) * WINDOW_MS + this.#reach + GRACE_MS;
    const hints: TimedHint[] = [];
    for (; window.done < end; window.done += 1) {
      const client = window.done;
      if (hasEnded(this.#source, client, now)) continue;
      const until = unixMs(Math.min(last, this.#source.ends.get(client) ?? last));
      hints.push({ hint: this.#hint(client, number), until });
    }
    return hints;
  }

  #hint(client: number, window: number): Uint8Array {
    return this.#source.make(client, window).slice(0, HINT_LENGTH);
  }

  #forget(first: number, last: number): void {
    for (const number of this.#windows.keys()) if (number < first || number > last) this.#windows.delete(number);
  }
}
