/** How long everything else of this process had to wait at a time: what a batch, or anything, held up the event loop. */
import { createHistogram } from 'node:perf_hooks';
import type { Delay } from '../src/engine/audit.ts';

export class Delays {
  /** In microseconds. */
  readonly #histogram = createHistogram();

  /** `ms`: how long nothing else could be done. */
  record(ms: number): void {
    this.#histogram.record(Math.max(1, Math.round(ms * 1000)));
  }

  /** Of all that was recorded since this was last asked; undefined where nothing was. */
  take(): Delay | undefined {
    const { max, count } = this.#histogram;
    if (count === 0) return undefined;
    const p99 = this.#histogram.percentile(99);
    this.#histogram.reset();
    return { max: toMs(max), p99: toMs(p99) };
  }
}

/** To a tenth of a millisecond. */
const toMs = (microseconds: number): number => Math.round(microseconds / 100) / 10;
