/** Times and numbers for people; all times are UTC. */
import { plainTime } from '../base/instant.ts';
import type { UnixMs } from '../base/units.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `2026-11-20 14:13:28` */
export const formatTime = (time: UnixMs): string => plainTime(new Date(time).toISOString());

/** `90 ms`, `28 s`, `3 min`, `2.5 h`, `4 d`: about so long. */
export const formatLength = (ms: number): string => {
  const [size, unit] = UNITS.find(([least]) => ms >= least * 1.5) ?? [1, 'ms'];
  const count = ms / size;
  return `${count >= 10 || Number.isInteger(count) ? String(Math.round(count)) : count.toFixed(1)} ${unit}`;
};

const UNITS = [
  [DAY, 'd'],
  [HOUR, 'h'],
  [MINUTE, 'min'],
  [SECOND, 's'],
] as const;

/** `12 345`: groups of three with a thin space that does not break. */
export const formatCount = (count: number): string => String(count).replace(/\B(?=(?:\d{3})+$)/g, '\u202f');

/** The same for a large number on a small place: `145.1 M`. */
export const formatAbout = (count: number): string =>
  count < 1e7 ? formatCount(count) : count < 1e10 ? `${(count / 1e6).toFixed(1)} M` : `${(count / 1e9).toFixed(1)} G`;

const STEPS: readonly number[] = [
  ...[SECOND, 5 * SECOND, 15 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE],
  ...[30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY],
  ...[91 * DAY, 182 * DAY, 365 * DAY],
];

export interface Tick {
  readonly time: number;
  readonly label: string;
}

/** Round times from `from` to `to`, at most `most` of them but for spans of many years; where a day begins its date. */
export const timeTicks = (from: number, to: number, most: number): readonly Tick[] => {
  const step = STEPS.find((one) => (to - from) / one <= most) ?? Math.ceil((to - from) / most / DAY) * DAY;
  const first = Math.ceil(from / step) * step;
  const count = Math.floor((to - first) / step) + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => {
    const time = first + index * step;
    return { time, label: tickLabel(time, step) };
  });
};

const tickLabel = (time: number, step: number): string => {
  const text = new Date(time).toISOString();
  if (time % DAY === 0) return text.slice(step >= 28 * DAY ? 0 : 5, 10);
  return step < MINUTE ? text.slice(11, 19) : text.slice(11, 16);
};
