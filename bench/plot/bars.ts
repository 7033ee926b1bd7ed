/** Draws bars, one below the other, as an SVG file. */
import type { Bar, Bars } from './plot.ts';
import { colourOf, line, place, sheet, text, WIDTH } from './sheet.ts';
import { share, tickLabel, type Ticks, ticksOf } from './ticks.ts';

const MARGIN = 24;
const LEFT = 220;
const RIGHT = 640;
const TOP = 64;
const ROW = 30;
const THICK = 16;
const SERIF = 4;
/** Behind the longest that is drawn in a row. */
const GAP = 8;
const BELOW = 56;

/** The whole file. */
export function drawBars(chart: Bars): string {
  const { bars, axis, title } = chart;
  const ticks = ticksOf(
    bars.flatMap(({ value, low = value, high = value }) => [value, low, high]),
    axis.scale,
  );
  const along = (value: number): number => LEFT + share(value, ticks, axis.scale) * (RIGHT - LEFT);
  const bottom = TOP + bars.length * ROW;
  return sheet(chart, bottom + BELOW, [
    text(MARGIN, 24, title, 'class="title"'),
    ...grid(ticks, along, bottom),
    ...bars.flatMap((bar, index) => drawBar(bar, index, along)),
    text((LEFT + RIGHT) / 2, bottom + 42, axis.label, 'text-anchor="middle"'),
  ]);
}

function grid(ticks: Ticks, along: (value: number) => number, bottom: number): string[] {
  const lines = ticks.at.flatMap((tick) => [
    line(along(tick), TOP - 6, along(tick), bottom, 'grid'),
    text(along(tick), bottom + 20, tickLabel(tick), 'text-anchor="middle"'),
  ]);
  return [...lines, line(LEFT, TOP - 6, LEFT, bottom, 'axis')];
}

function drawBar(
  { name, value, low = value, high = value }: Bar,
  index: number,
  along: (value: number) => number,
): string[] {
  const middle = TOP + index * ROW + ROW / 2 - 3;
  const end = Math.max(along(value), along(high));
  const length = Math.max(along(value) - LEFT, 1);
  return [
    text(LEFT - 10, middle + 4, name, 'text-anchor="end"'),
    `<rect fill="${colourOf(index)}" x="${LEFT}" y="${place(middle - THICK / 2)}" width="${place(length)}" height="${THICK}"/>`,
    ...(low === high ? [] : [spread(along(low), along(high), middle)]),
    text(Math.min(end + GAP, WIDTH - 80), middle + 4, tickLabel(Number(value.toPrecision(3)))),
  ];
}

/** From the least to the most. */
function spread(from: number, to: number, y: number): string {
  const [left, right, middle] = [place(from), place(to), place(y)];
  const [top, bottom] = [place(y - SERIF), place(y + SERIF)];
  return `<path class="spread" d="M${left} ${top}V${bottom}M${left} ${middle}H${right}M${right} ${top}V${bottom}"/>`;
}
