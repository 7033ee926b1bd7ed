/** What the receiver has counted and not handed over. Counting is what a packet of a flood costs: it allocates nothing. */
import { RECEIVER_COUNTS, type ReceiverCount } from '../../src/engine/handoff.ts';

const PLACES: ReadonlyMap<ReceiverCount, number> = new Map(RECEIVER_COUNTS.map((name, place) => [name, place]));

export class Tally {
  readonly #counts = new Float64Array(RECEIVER_COUNTS.length);
  #isEmpty = true;

  /** Whether nothing was counted since {@link clear}. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  count(name: ReceiverCount, count = 1): void {
    const place = PLACES.get(name) ?? 0;
    this.#counts[place] = (this.#counts[place] ?? 0) + count;
    this.#isEmpty = false;
  }

  /** What was counted at least once. */
  counts(): Readonly<Partial<Record<ReceiverCount, number>>> {
    const counts: Partial<Record<ReceiverCount, number>> = {};
    for (const [name, place] of PLACES) {
      const count = this.#counts[place] ?? 0;
      if (count > 0) counts[name] = count;
    }
    return counts;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#isEmpty = true;
  }
}
