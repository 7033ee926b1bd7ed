/** How many packets a second there were lately, by reason: the counters of the last minute, once a second. */
import { type SteadyMs, steadyMs } from '../base/units.ts';
import type { ShownCount } from './status.ts';

type Counts = Readonly<Record<string, number>>;

interface Sample {
  readonly time: SteadyMs;
  readonly counts: Counts;
}

const SAMPLE_MS = 1000;
const KEPT_MS = 60_000;

export class RateBook {
  /** Oldest first; what is older than a minute is forgotten, which costs nothing but that. */
  #samples: readonly Sample[];

  /** `start`: when nothing had been counted yet. */
  constructor(start: SteadyMs) {
    this.#samples = [{ time: start, counts: {} }];
  }

  /** Whether the last sample is a second old. */
  isDue(now: SteadyMs): boolean {
    return now - (this.#samples.at(-1)?.time ?? 0) >= SAMPLE_MS;
  }

  /** Notes the totals of now. */
  sample(now: SteadyMs, counts: Counts): void {
    const kept = this.#samples.filter(({ time }) => now - time <= KEPT_MS);
    this.#samples = [...kept, { time: now, counts }];
  }

  /** The totals of now, and what they have grown by. */
  show(now: SteadyMs, counts: Counts): Readonly<Record<string, ShownCount>> {
    const [ten, minute] = [this.#before(now, 10_000), this.#before(now, KEPT_MS)];
    return Object.fromEntries(
      Object.entries(counts).map(([name, total]) => {
        const rate = ({ time, counts: then }: Sample): number => rateOf(total - (then[name] ?? 0), now - time);
        return [name, { total, per10s: rate(ten), per1min: rate(minute) }];
      }),
    );
  }

  /** The oldest sample that is no older than this, or else the latest. */
  #before(now: SteadyMs, span: number): Sample {
    const sample = this.#samples.find(({ time }) => now - time <= span) ?? this.#samples.at(-1);
    return sample ?? { time: steadyMs(now), counts: {} };
  }
}

/** A second, to a tenth. */
const rateOf = (count: number, ms: number): number => Math.round((count * 10_000) / Math.max(ms, SAMPLE_MS)) / 10;
