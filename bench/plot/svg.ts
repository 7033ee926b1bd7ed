/** Draws a plot with two axes as an SVG file. */
import type { Axis, Plot, Point, Series } from './plot.ts';
import { colourOf, line, place, sheet, text } from './sheet.ts';
import { share, tickLabel, type Ticks, ticksOf } from './ticks.ts';

const HEIGHT = 400;
const LEFT = 76;
const RIGHT = 560;
const TOP = 64;
const BOTTOM = 340;
const LEGEND = 580;
const LEGEND_LINE = 22;
const TICK = 5;

/** The two axes with their ticks: where a point is. */
interface Frame {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly xTicks: Ticks;
  readonly yTicks: Ticks;
}

/** The whole file. */
export function drawPlot(plot: Plot): string {
  const frame = frameOf(plot);
  return sheet(plot, HEIGHT, [
    text(LEFT, 24, plot.title, 'class="title"'),
    text(LEFT, 48, `↑ ${plot.y.label}`),
    text((LEFT + RIGHT) / 2, BOTTOM + 42, plot.x.label, 'text-anchor="middle"'),
    ...grid(frame),
    ...plot.series.flatMap((series, index) => [...drawSeries(series, index, frame), ...legend(series, index)]),
  ]);
}

function frameOf({ x, y, series }: Plot): Frame {
  const points = series.flatMap((one) => one.points);
  const xTicks = ticksAlong(
    x,
    points.map((point) => point.x),
  );
  const yTicks = ticksAlong(
    y,
    points.flatMap((point) => [point.y, point.low ?? point.y, point.high ?? point.y]),
  );
  return {
    ...{ xTicks, yTicks },
    x: (value) => LEFT + share(value, xTicks, x.scale) * (RIGHT - LEFT),
    y: (value) => BOTTOM - share(value, yTicks, y.scale) * (BOTTOM - TOP),
  };
}

const ticksAlong = (axis: Axis, values: readonly number[]): Ticks => ticksOf(values, axis.scale);

function grid({ x, y, xTicks, yTicks }: Frame): string[] {
  const across = yTicks.at.flatMap((tick) => [
    line(LEFT, y(tick), RIGHT, y(tick), 'grid'),
    text(LEFT - 9, y(tick) + 4, tickLabel(tick), 'text-anchor="end"'),
  ]);
  const along = xTicks.at.flatMap((tick) => [
    line(x(tick), BOTTOM, x(tick), BOTTOM + TICK, 'axis'),
    text(x(tick), BOTTOM + 20, tickLabel(tick), 'text-anchor="middle"'),
  ]);
  return [...across, line(LEFT, BOTTOM, RIGHT, BOTTOM, 'axis'), ...along];
}

function drawSeries({ points }: Series, index: number, frame: Frame): string[] {
  const colour = colourOf(index);
  const sorted = [...points].sort((a, b) => a.x - b.x);
  const road = sorted.map(({ x, y }) => `${place(frame.x(x))},${place(frame.y(y))}`).join(' ');
  const whiskers = sorted.flatMap((point) => whisker(point, colour, frame));
  const markers = sorted.map(({ x, y }) => marker(frame.x(x), frame.y(y), index));
  return [...whiskers, `<polyline class="line" stroke="${colour}" points="${road}"/>`, ...markers];
}

/** From the least to the most, where they are known. */
function whisker({ x, y, low = y, high = y }: Point, colour: string, frame: Frame): string[] {
  if (low === high) return [];
  const [at, from, to] = [place(frame.x(x)), place(frame.y(low)), place(frame.y(high))];
  const [left, right] = [place(frame.x(x) - 4), place(frame.x(x) + 4)];
  const road = `M${left} ${from}H${right}M${at} ${from}V${to}M${left} ${to}H${right}`;
  return [`<path class="whisker" stroke="${colour}" d="${road}"/>`];
}

/** Colours are told apart by most; a form for each series tells the rest: disc, square, triangle, diamond, and again. */
function marker(x: number, y: number, index: number): string {
  const fill = `fill="${colourOf(index)}"`;
  const [left, right, top, bottom] = [x - 4.5, x + 4.5, y - 4.5, y + 4.5].map(place);
  switch (index % 4) {
    case 0:
      return `<circle ${fill} cx="${place(x)}" cy="${place(y)}" r="4"/>`;
    case 1:
      return `<rect ${fill} x="${place(x - 4)}" y="${place(y - 4)}" width="8" height="8"/>`;
    case 2:
      return `<path ${fill} d="M${place(x)} ${top}L${right} ${bottom}H${left}Z"/>`;
    default:
      return `<path ${fill} d="M${place(x)} ${top}L${right} ${place(y)}L${place(x)} ${bottom}L${left} ${place(y)}Z"/>`;
  }
}

function legend({ name }: Series, index: number): string[] {
  const y = TOP + 8 + index * LEGEND_LINE;
  return [
    `<path class="line" stroke="${colourOf(index)}" d="M${LEGEND - 10} ${y}H${LEGEND + 10}"/>`,
    marker(LEGEND, y, index),
    text(LEGEND + 18, y + 4, name),
  ];
}
