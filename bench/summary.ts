/** A sample of measurements in a few numbers. */

export interface Summary {
  readonly count: number;
  readonly median: number;
  readonly p99: number;
  readonly min: number;
  readonly max: number;
}

/** @throws RangeError for an empty sample: there is nothing to say about it. */
export function summarize(sample: readonly number[]): Summary {
  if (sample.length === 0) throw new RangeError('an empty sample has no median');
  const sorted = [...sample].sort((a, b) => a - b);
  return {
    count: sorted.length,
    median: median(sorted),
    p99: at(sorted, Math.ceil(sorted.length * 0.99) - 1),
    min: at(sorted, 0),
    max: at(sorted, sorted.length - 1),
  };
}

/** The value at each hundredth of a sample that is not empty, from the least (0) to the greatest (100). */
export function hundredths(sample: readonly number[]): number[] {
  const sorted = [...sample].sort((a, b) => a - b);
  return Array.from({ length: 101 }, (_, percent) =>
    at(sorted, Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)),
  );
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length / 2;
  return Number.isInteger(middle) ? (at(sorted, middle - 1) + at(sorted, middle)) / 2 : at(sorted, Math.floor(middle));
}

function at(sorted: readonly number[], index: number): number {
  return sorted[index] ?? Number.NaN;
}
