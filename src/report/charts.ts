/** Pictures in the page: SVG without scripts; what a mouse sees beside it is in their titles, and in the tables. */
import type { Point } from './axis.ts';
import type { Figures } from './figures.ts';
import { markup, type Markup } from './markup.ts';
import { formatLength, formatTime, timeTicks } from './time-text.ts';

const WIDTH = 960;
/** Where the time begins and ends, from the left. */
const LEFT = 140;
const RIGHT = 950;
const LANE = 22;
const BAR_HEIGHT = 64;
const FOOT = 24;
const MOST_TICKS = 8;
/** Characters of a lane's name. */
const NAME = 17;

type Range = NonNullable<Figures['range']>;

/** Where a time is, from the left. */
class Scale {
  readonly #from: number;
  readonly #to: number;
  readonly step: number;

  /** The last step is whole. */
  constructor({ from, to }: Range, step: number) {
    this.#from = Math.floor(from / step) * step;
    this.#to = (Math.floor(to / step) + 1) * step;
    this.step = step;
  }

  x(time: number): number {
    return round(LEFT + ((time - this.#from) / (this.#to - this.#from)) * (RIGHT - LEFT));
  }

  ticks(): readonly { readonly x: number; readonly label: string }[] {
    return timeTicks(this.#from, this.#to, MOST_TICKS).map(({ time, label }) => ({ x: this.x(time), label }));
  }
}

const round = (value: number): number => Math.round(value * 10) / 10;

const grid = (scale: Scale, height: number): Markup =>
  markup`<g class="grid"
    >${scale.ticks().map(
      ({ x, label }) =>
        markup`<line x1="${x}" y1="0" x2="${x}" y2="${height}" /><text x="${x}" y="${height + 16}" text-anchor="middle"
              >${label}</text
            >`,
    )}</g
  >`;

const picture = (label: string, height: number, body: readonly Markup[]): Markup =>
  markup`<div class="wide"><svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${label}">${body}</svg></div>`;

export interface Lane {
  readonly name: string;
  /** A class of the style sheet. */
  readonly look: 'ran' | 'open';
  /** Steps that are drawn, in order of time. */
  readonly points: readonly Point[];
}

/** One line a name, drawn where there is something. */
export const laneChart = (lanes: readonly Lane[], range: Range, step: number): Markup => {
  const scale = new Scale(range, step);
  const height = lanes.length * LANE + 4;
  const rows = lanes.map(({ name, look, points }, index) => {
    const y = index * LANE + 4;
    const short =
      Array.from(name).length > NAME
        ? `${Array.from(name)
            .slice(0, NAME - 1)
            .join('')}…`
        : name;
    return markup`<g
      ><title>${name}</title><text class="name" x="${LEFT - 10}" y="${y + 13}" text-anchor="end">${short}</text
      ><line class="rail" x1="${LEFT}" x2="${RIGHT}" y1="${y + 9}" y2="${y + 9}" />${runsOf(points, step).map(
        ({ from, to, depth }) =>
          markup`<rect
            class="${look} ${depth}"
            x="${scale.x(from)}"
            y="${y + 2}"
            width="${Math.max(2, round(scale.x(to) - scale.x(from)))}"
            height="14"
            ><title>${name}: ${when(from, to)}</title></rect
          >`,
      )}</g
    >`;
  });
  const label = `When something was open, for ${String(lanes.length - 1)} clients`;
  return picture(label, height + FOOT, [grid(scale, height), ...rows]);
};

const when = (from: number, to: number): string => `${new Date(from).toISOString()} to ${new Date(to).toISOString()}`;

/** Steps that follow each other and are alike, as one. */
const runsOf = (points: readonly Point[], step: number): readonly Run[] => {
  const runs: { from: number; to: number; depth: string }[] = [];
  for (const { time, value } of points) {
    const last = runs.at(-1);
    const depth = depthOf(value / step);
    if (last?.to === time && last.depth === depth) last.to = time + step;
    else runs.push({ from: time, to: time + step, depth });
  }
  return runs;
};

interface Run {
  readonly from: number;
  readonly to: number;
  /** A class of the style sheet: how much of each step it was. */
  readonly depth: string;
}

const depthOf = (share: number): string => (share < 0.1 ? 'seldom' : share < 0.6 ? 'partly' : 'whole');

export interface Bars {
  readonly name: string;
  readonly look: 'opened' | 'refused' | 'nobodys' | 'delay';
  readonly points: readonly Point[];
  /** Drawn within the bars, never higher. */
  readonly inner?: readonly Point[];
  readonly format: (value: number) => string;
}

/** How much of something there was in each step. */
export const barChart = ({ name, look, points, inner = [], format }: Bars, range: Range, step: number): Markup => {
  const scale = new Scale(range, step);
  const most = points.reduce((highest, { value }) => Math.max(highest, value), 0);
  const bar = ({ time, value }: Point, kind: string): Markup => {
    const high = most === 0 ? 0 : Math.max(1, round((value / most) * BAR_HEIGHT));
    const room = scale.x(time + step) - scale.x(time);
    // Where there is no room for a gap, gaps would be a pattern of their own.
    const wide = room < 4 ? Math.max(1.2, round(room + 0.1)) : round(room - 1);
    return markup`<rect class="${kind}" x="${scale.x(time)}" y="${8 + BAR_HEIGHT - high}" width="${wide}" height="${high}"
      ><title>${formatTime(time)}: ${format(value)}</title></rect
    >`;
  };
  const bottom = 8 + BAR_HEIGHT;
  return picture(`${name}: at most ${format(most)} in ${formatLength(step)}`, bottom + FOOT, [
    grid(scale, bottom),
    markup`<text class="name" x="${LEFT - 10}" y="22" text-anchor="end">${name}</text>`,
    markup`<text class="most" x="${LEFT - 10}" y="40" text-anchor="end"
      >${most === 0 ? 'none' : `≤ ${format(most)}`}</text
    >`,
    markup`<line class="rail" x1="${LEFT}" x2="${RIGHT}" y1="${bottom}" y2="${bottom}" />`,
    ...points.map((point) => bar(point, look)),
    ...inner.map((point) => bar(point, `${look} inner`)),
  ]);
};

/** A small bar for a table: `part` of `whole`. */
export const shareBar = (part: number, whole: number, look: Bars['look']): Markup =>
  markup`<svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
    <rect class="${look}" width="${whole === 0 ? 0 : Math.max(1, round((100 * part) / whole))}" height="8" />
  </svg>`;
