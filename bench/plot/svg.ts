/**
 * Draws a plot as an SVG file: text and lines, no script, no font of its own, the same bytes for the same figures. Light or
 * dark, as the reader's system is (prefers-color-scheme), on a ground of its own, since a page need not follow the system.
 */
import type { Axis, Plot, Point, Series } from './plot.ts';
import { share, tickLabel, type Ticks, ticksOf } from './ticks.ts';

const WIDTH = 760;
const HEIGHT = 400;
const LEFT = 76;
const RIGHT = 560;
const TOP = 64;
const BOTTOM = 340;
const LEGEND = 580;
const LEGEND_LINE = 22;
const TICK = 5;

/** Okabe and Ito's, which people tell apart who do not see all colours alike; markers differ too. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#8c6bb1'];

/** Without custom properties, which not everything that draws SVG knows. */
const STYLE = `
.ground { fill: #ffffff; }
text { fill: #24292f; font-family: system-ui, sans-serif; font-size: 12px; }
text.title { font-size: 15px; font-weight: 600; }
.grid { stroke: #d8dee4; stroke-width: 1; }
.axis { stroke: #24292f; stroke-width: 1; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.whisker { fill: none; stroke-width: 1; opacity: 0.7; }
@media (prefers-color-scheme: dark) {
.ground { fill: #0d1117; }
text { fill: #d0d7de; }
.grid { stroke: #30363d; }
.axis { stroke: #d0d7de; }
}
`;

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
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="title desc">`,
    `<title id="title">${escaped(plot.title)}</title>`,
    `<desc id="desc">${escaped(plot.description)}</desc>`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${HEIGHT}"/>`,
    text(LEFT, 24, plot.title, 'class="title"'),
    text(LEFT, 48, `↑ ${plot.y.label}`),
    text((LEFT + RIGHT) / 2, BOTTOM + 42, plot.x.label, 'text-anchor="middle"'),
    ...grid(frame),
    ...plot.series.flatMap((series, index) => [...drawSeries(series, index, frame), ...legend(series, index)]),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
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

/** A form for each series: disc, square, triangle, diamond, and again. */
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

const colourOf = (index: number): string => COLOURS[index % COLOURS.length] ?? '';

function line(x1: number, y1: number, x2: number, y2: number, kind: string): string {
  return `<path class="${kind}" d="M${place(x1)} ${place(y1)}L${place(x2)} ${place(y2)}"/>`;
}

function text(x: number, y: number, words: string, more = ''): string {
  return `<text x="${place(x)}" y="${place(y)}"${more === '' ? '' : ` ${more}`}>${escaped(words)}</text>`;
}

/** A tenth of a pixel is as fine as anybody sees. */
const place = (value: number): string => String(Math.round(value * 10) / 10);

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text as XML has it; what XML cannot hold at all is left out. */
export function escaped(words: string): string {
  // XML 1.0, section 2.2: these are no characters of it.
  return words
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '')
    .replace(/[&<>"]/g, (one) => ENTITIES[one] ?? '');
}
