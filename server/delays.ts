/** How long everything else of this process had to wait at a time: what a batch, or anything, held up the event loop. */
import { createHistogram } from 'node:perf_hooks';
import type { Delay } from '../src/engine/audit.ts';

export class Delays {
  /** In microseconds. */
  readonly #histogram = createHistogram();
  /** What was taken last. */
  #taken: Delay | undefined;

  /** `ms`: how long nothing else could be done. */
  record(ms: number): void {
    this.#histogram.record(Math.max(1, Math.round(ms * 1000)));
  }

  /** Of all that was recorded since this was last asked; undefined where nothing was. */
  take(): Delay | undefined {
    const delay = this.#measured();
    if (delay === undefined) return undefined;
    this.#taken = delay;
    this.#histogram.reset();
    return delay;
  }

  /** Of what was recorded lately, the worst: since it was taken, and until then. Takes nothing. */
  look(): Delay | undefined {
    const [now, then] = [this.#measured(), this.#taken];
    if (now === undefined || then === undefined) return now ?? then;
    return { max: Math.max(now.max, then.max), p99: Math.max(now.p99, then.p99) };
  }

  #measured(): Delay | undefined {
    const { max, count } = this.#histogram;
    return count === 0 ? undefined : { max: toMs(max), p99: toMs(this.#histogram.percentile(99)) };
  }
}

/** To a tenth of a millisecond. */
const toMs = (microseconds: number): number => Math.round(microseconds / 100) / 10;
