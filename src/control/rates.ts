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

  /**
   * What each counter has grown by in each of the last 60 seconds, the oldest first, to a tenth: between two samples evenly.
   * Those that have not grown are left out.
   */
  series(now: SteadyMs, counts: Counts): Readonly<Record<string, readonly number[]>> {
    const samples = [...this.#samples, { time: now, counts }];
    const edges = Array.from({ length: KEPT_MS / SAMPLE_MS + 1 }, (_, index) => now - KEPT_MS + index * SAMPLE_MS);
    const grown = Object.keys(counts).filter((name) => (counts[name] ?? 0) > totalAt(samples, name, now - KEPT_MS));
    return Object.fromEntries(
      grown.map((name) => {
        const totals = edges.map((time) => totalAt(samples, name, time));
        return [name, totals.slice(1).map((total, index) => Math.round((total - (totals[index] ?? 0)) * 10) / 10)];
      }),
    );
  }

  /** The oldest sample that is no older than this, or else the latest. */
  #before(now: SteadyMs, span: number): Sample {
    const sample = this.#samples.find(({ time }) => now - time <= span) ?? this.#samples.at(-1);
    return sample ?? { time: steadyMs(now), counts: {} };
  }
}

/** What the counter had come to at a time, evenly between the samples around it; before the first one, what that one says. */
const totalAt = (samples: readonly Sample[], name: string, time: number): number => {
  const after = samples.findIndex((sample) => sample.time >= time);
  const [before, next] = [samples[after - 1] ?? samples[0], samples[after] ?? samples.at(-1)];
  const [from, to] = [before?.counts[name] ?? 0, next?.counts[name] ?? 0];
  const [begin, end] = [before?.time ?? 0, next?.time ?? 0];
  return end <= begin ? to : from + ((to - from) * Math.max(0, time - begin)) / (end - begin);
};

/** A second, to a tenth. */
const rateOf = (count: number, ms: number): number => Math.round((count * 10_000) / Math.max(ms, SAMPLE_MS)) / 10;
