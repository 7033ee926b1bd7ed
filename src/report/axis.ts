/**
 * Time in equal steps, without knowing beforehand how much of it there will be. The axis begins with steps of one second;
 * whenever it would become longer than {@link MAX_STEPS}, every step becomes twice as long and neighbours join. So a log of a
 * minute is drawn to the second, one of a year by some hours, and neither costs more memory than the other.
 */
import { type UnixMs, unixMs } from '../base/units.ts';

export const MAX_STEPS = 480;

export class Axis {
  #step = 1000;
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;
  readonly #series: Series[] = [];

  /** The length of a step in milliseconds. */
  get step(): number {
    return this.#step;
  }

  /** The first and the last time that was ever reached; undefined: none. */
  get range(): { readonly from: UnixMs; readonly to: UnixMs } | undefined {
    return this.#first > this.#last ? undefined : { from: unixMs(this.#first), to: unixMs(this.#last) };
  }

  /** Makes room for `time`. */
  reach(time: UnixMs): void {
    this.#first = Math.min(this.#first, time);
    this.#last = Math.max(this.#last, time);
    while (this.placeOf(this.#last) - this.placeOf(this.#first) >= MAX_STEPS) {
      this.#step *= 2;
      for (const series of this.#series) series.fold();
    }
  }

  placeOf(time: number): number {
    return Math.floor(time / this.#step);
  }

  /** A series whose values join by `join` where they fall into one step. */
  series(join: (a: number, b: number) => number = sum): Series {
    const series = new Series(this, join);
    this.#series.push(series);
    return series;
  }

  /** Forgets a series that nobody draws any more. */
  drop(series: Series): void {
    const place = this.#series.indexOf(series);
    if (place >= 0) this.#series.splice(place, 1);
  }
}

const sum = (a: number, b: number): number => a + b;

export interface Point {
  /** The beginning of the step. */
  readonly time: UnixMs;
  readonly value: number;
}

export class Series {
  readonly #axis: Axis;
  readonly #join: (a: number, b: number) => number;
  #values = new Map<number, number>();

  constructor(axis: Axis, join: (a: number, b: number) => number) {
    this.#axis = axis;
    this.#join = join;
  }

  /** Enters a value at a time that the axis has reached. */
  add(time: UnixMs, value: number): void {
    this.#enter(this.#axis.placeOf(time), value);
  }

  /** Enters at every step how many milliseconds of it lie between the two times, which the axis has reached. */
  cover(from: UnixMs, to: UnixMs): void {
    const { step } = this.#axis;
    for (let place = this.#axis.placeOf(from); place * step < to; place += 1)
      this.#enter(place, Math.min(to, (place + 1) * step) - Math.max(from, place * step));
  }

  /** To be called by the axis, when its steps have become twice as long. */
  fold(): void {
    const before = this.#values;
    this.#values = new Map();
    for (const [place, value] of before) this.#enter(Math.floor(place / 2), value);
  }

  /** In order of time; steps without a value are left out. */
  points(): readonly Point[] {
    return [...this.#values]
      .sort(([a], [b]) => a - b)
      .map(([place, value]) => ({ time: unixMs(place * this.#axis.step), value }));
  }

  #enter(place: number, value: number): void {
    const present = this.#values.get(place);
    this.#values.set(place, present === undefined ? value : this.#join(present, value));
  }
}
