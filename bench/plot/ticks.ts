/** Where an axis begins and ends, and what is written on it. */
import type { Axis } from './plot.ts';

export interface Ticks {
  readonly least: number;
  readonly most: number;
  /** Rising, the ends included. */
  readonly at: readonly number[];
}

/** About how many there are on a linear axis. */
const WANTED = 6;
/** Up to so many decades, a logarithmic axis has its 2 and 5 too. */
const FEW_DECADES = 2;

/** Round numbers around all of `values`; on a logarithmic axis those above 0 count. */
export function ticksOf(values: readonly number[], scale: Axis['scale']): Ticks {
  return scale === 'log' ? logTicks(values.filter((value) => value > 0)) : linearTicks(values);
}

/** From 0, unless something is below it: a line that is twice as high is twice as much. */
function linearTicks(values: readonly number[]): Ticks {
  const low = Math.min(0, ...values);
  // Where all is 0 there is still an axis.
  const high = Math.max(0, ...values) || (low === 0 ? 1 : 0);
  const step = roundStep((high - low) / WANTED);
  const [first, last] = [Math.floor(low / step), Math.ceil(high / step)];
  // Multiplied and not added up: 0.1 + 0.2 is not 0.3.
  const at = Array.from({ length: last - first + 1 }, (_, index) => rounded((first + index) * step));
  return ends(at);
}

function logTicks(values: readonly number[]): Ticks {
  const [low, high] = values.length === 0 ? [1, 10] : [Math.min(...values), Math.max(...values)];
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const decades = Math.max(last - first, 1);
  const digits = decades <= FEW_DECADES ? [1, 2, 5] : [1];
  const all = Array.from({ length: decades }, (_, index) => digits.map((digit) => decade(digit, first + index)));
  const at = [...all.flat(), decade(1, first + decades)];
  // What no value comes near is left away.
  const from = at.findLastIndex((tick) => tick <= low);
  const to = at.findIndex((tick) => tick >= high);
  return ends(at.slice(Math.max(from, 0), Math.max(to, from + 1) + 1));
}

const decade = (digit: number, exponent: number): number => Number(`${digit}e${exponent}`);

const rounded = (value: number): number => Number(value.toPrecision(12));

function ends(at: readonly number[]): Ticks {
  return { least: at[0] ?? 0, most: at.at(-1) ?? 1, at };
}

/** 1, 2 or 5 times a power of ten, at least `least`. */
function roundStep(least: number): number {
  const exponent = Math.floor(Math.log10(least));
  const digit = [1, 2, 5].find((one) => decade(one, exponent) >= least * (1 - 1e-9));
  return digit === undefined ? decade(1, exponent + 1) : decade(digit, exponent);
}

/** 0 to 1 for what lies between the ends; what a logarithmic axis cannot show is at its least. */
export function share(value: number, { least, most }: Ticks, scale: Axis['scale']): number {
  if (scale === 'linear') return (value - least) / (most - least);
  return value <= least ? 0 : Math.log(value / least) / Math.log(most / least);
}

/** `100 000`, `0.05`: thousands apart, no more digits than there are. */
export function tickLabel(value: number): string {
  const [whole = '', fraction] = String(value).split('.');
  const apart = whole.replace(/\B(?=(?:\d{3})+$)/g, '\u202f');
  return fraction === undefined ? apart : `${apart}.${fraction}`;
}
