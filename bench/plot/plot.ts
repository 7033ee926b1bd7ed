/** What a plot shows; how it is drawn is the drawing's affair. */

export interface Series {
  /** The contender, as in the tables. */
  readonly name: string;
  readonly points: readonly Point[];
}

export interface Point {
  readonly x: number;
  /** The median. */
  readonly y: number;
  /** The least and the most that were measured, where there is more than one figure. */
  readonly low?: number;
  readonly high?: number;
}

export interface Axis {
  /** With its unit: `junk packets a second`. */
  readonly label: string;
  readonly scale: 'linear' | 'log';
}

export interface Plot {
  /** Becomes the name of the file: letters, digits and hyphens. */
  readonly name: string;
  readonly title: string;
  /** For whoever cannot see it: what the plot says, in a sentence. */
  readonly description: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

/** What is compared without a second axis. */
export interface Bar {
  readonly name: string;
  /** The median, unless the chart says otherwise. */
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
}

export interface Bars {
  /** As that of a {@link Plot}. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly axis: Axis;
  readonly bars: readonly Bar[];
}

export type Drawing = Plot | Bars;
