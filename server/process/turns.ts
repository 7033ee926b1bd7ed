/** Lets so many things be done at once and so many wait for their turn; more are refused. */
export class Turns {
  readonly #atOnce: number;
  readonly #maxWaiting: number;
  readonly #waiting: (() => Promise<void>)[] = [];
  #running = 0;
  readonly #onIdle: (() => void)[] = [];

  constructor(atOnce: number, maxWaiting: number) {
    this.#atOnce = atOnce;
    this.#maxWaiting = maxWaiting;
  }

  /** False where too many wait already; `work`, which does not fail, is then not done. */
  take(work: () => Promise<void>): boolean {
    if (this.#running >= this.#atOnce && this.#waiting.length >= this.#maxWaiting) return false;
    this.#waiting.push(work);
    this.#fill();
    return true;
  }

  /** Settles when nothing is being done and nothing waits. */
  idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  #fill(): void {
    while (this.#running < this.#atOnce) {
      const work = this.#waiting.shift();
      if (work === undefined) break;
      this.#running += 1;
      void work().finally(() => {
        this.#running -= 1;
        this.#fill();
      });
    }
    if (this.#running === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}
