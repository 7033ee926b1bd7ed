/** Work that has an order within its lane and none beyond. Each kind of work has so many places, so that none waits for another kind's. */
import { Turns } from '../process/turns.ts';

export class Lanes<K extends string> {
  readonly #places: Readonly<Record<K, Turns>>;
  readonly #last = new Map<string, Promise<void>>();

  /** `kinds`: how many pieces of each at once. */
  constructor(kinds: Readonly<Record<K, number>>) {
    const places = Object.entries<number>(kinds).map(([kind, count]) => [kind, new Turns(count, Infinity)] as const);
    this.#places = Object.fromEntries(places) as Record<K, Turns>;
  }

  /** Does `work` when what was put into the lane before has ended, however it ended. */
  run<T>(lane: string, kind: K, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(lane) ?? Promise.resolve();
    const done = before.then(() => this.#inTurn(kind, work));
    const ended = done.then(
      () => undefined,
      () => undefined,
    );
    this.#last.set(lane, ended);
    void ended.then(() => {
      if (this.#last.get(lane) === ended) this.#last.delete(lane);
    });
    return done;
  }

  #inTurn<T>(kind: K, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#places[kind].take(() => work().then(resolve, reject));
    });
  }
}
