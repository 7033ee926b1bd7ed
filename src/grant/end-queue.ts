/** Grants by their ends: a binary heap, so that with many thousands only those whose time has come are looked at. */
import type { SteadyMs } from '../base/units.ts';

/** Entries that may be dead for each live one before they are thrown out. */
const MAX_DEAD_SHARE = 1;
const MIN_ROOM = 64;

export class EndQueue<T extends { readonly ends: SteadyMs }> {
  readonly #isLive: (entry: T) => boolean;
  #heap: T[] = [];
  /** More entries than this, and the dead are thrown out. */
  #room = MIN_ROOM;

  /** `isLive`: whether an entry still counts. One that no longer does need not be taken out; it is forgotten in time. */
  constructor(isLive: (entry: T) => boolean) {
    this.#isLive = isLive;
  }

  put(entry: T): void {
    if (this.#heap.length >= this.#room) this.#throwOut();
    this.#heap.push(entry);
    let at = this.#heap.length - 1;
    for (let up = (at - 1) >> 1; at > 0 && this.#isBefore(at, up); up = (at - 1) >> 1) {
      this.#swap(at, up);
      at = up;
    }
  }

  /**
   * Takes out the live entries that end at `now` or before, the earliest first. One that was put in twice comes once, if it
   * has been made dead by then.
   */
  *take(now: SteadyMs): Generator<T> {
    for (let first = this.#heap[0]; first !== undefined && first.ends <= now; first = this.#heap[0]) {
      this.#dropFirst();
      if (this.#isLive(first)) yield first;
    }
  }

  /** The live entry that ends first; undefined where there is none. */
  get first(): T | undefined {
    while (this.#heap[0] !== undefined && !this.#isLive(this.#heap[0])) this.#dropFirst();
    return this.#heap[0];
  }

  /** The live entries that end at `now` or before, each once, in no order. They stay in. */
  due(now: SteadyMs): readonly T[] {
    const due = new Set<T>();
    const look = (at: number): void => {
      const entry = this.#heap[at];
      if (entry === undefined || entry.ends > now) return;
      if (this.#isLive(entry)) due.add(entry);
      look(2 * at + 1);
      look(2 * at + 2);
    };
    look(0);
    return [...due];
  }

  #dropFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #sink(from: number): void {
    for (let at = from; ;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < this.#heap.length && this.#isBefore(child, least)) least = child;
      }
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #throwOut(): void {
    this.#heap = this.#heap.filter(this.#isLive);
    for (let at = (this.#heap.length >> 1) - 1; at >= 0; at -= 1) this.#sink(at);
    this.#room = Math.max(MIN_ROOM, (1 + MAX_DEAD_SHARE) * this.#heap.length);
  }

  #isBefore(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    return one !== undefined && other !== undefined && one.ends < other.ends;
  }

  #swap(a: number, b: number): void {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined) return;
    this.#heap[a] = other;
    this.#heap[b] = one;
  }
}
