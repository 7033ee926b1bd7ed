import { expect, test } from 'vitest';
import { drawBars } from '../../../bench/plot/bars.ts';
import type { Plot } from '../../../bench/plot/plot.ts';
import { escaped } from '../../../bench/plot/sheet.ts';
import { drawPlot } from '../../../bench/plot/svg.ts';
import { share, tickLabel, ticksOf } from '../../../bench/plot/ticks.ts';

const plot: Plot = {
  name: 'junk',
  title: 'Junk & "more" <all>',
  description: 'spad is below fwknopd everywhere.',
  x: { label: 'packets a second', scale: 'log' },
  y: { label: 'ms', scale: 'linear' },
  series: [
    {
      name: 'spad, pcap',
      points: [
        { x: 1000, y: 2, low: 1, high: 4 },
        { x: 100, y: 1 },
      ],
    },
    { name: 'a < b', points: [{ x: 100, y: 10 }] },
  ],
};

test.each([
  [
    [0, 97],
    [0, 20, 40, 60, 80, 100],
  ],
  [[0.3], [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3]],
  [[0], [0, 0.2, 0.4, 0.6, 0.8, 1]],
  [
    [-3, 3],
    [-3, -2, -1, 0, 1, 2, 3],
  ],
])('a linear axis around %j is marked at round numbers', (values, at) => {
  const ticks = ticksOf(values, 'linear');
  expect(ticks.at).toEqual(at);
  expect([ticks.least, ticks.most]).toEqual([at[0], at.at(-1)]);
});

test.each([
  [
    [1, 100_000],
    [1, 10, 100, 1000, 10_000, 100_000],
  ],
  [
    [3, 40],
    [2, 5, 10, 20, 50],
  ],
  [
    [0.05, 0.06],
    [0.05, 0.1],
  ],
  [[10], [10, 20]],
  [
    [0, 0],
    [1, 2, 5, 10],
  ],
])('a logarithmic axis around %j is marked at decades, and between them where these are few', (values, at) => {
  expect(ticksOf(values, 'log').at).toEqual(at);
});

test('every value is between the ends of its axis', () => {
  for (const scale of ['linear', 'log'] as const) {
    for (const values of [[7], [1, 3], [0.013, 812], [5e-4, 2e7], [99_999, 100_001]]) {
      const ticks = ticksOf(values, scale);
      for (const value of values) {
        expect(share(value, ticks, scale)).toBeGreaterThanOrEqual(0);
        expect(share(value, ticks, scale)).toBeLessThanOrEqual(1);
      }
    }
  }
});

test('a place on an axis is a share of its length, or of its decades', () => {
  expect(share(25, ticksOf([0, 100], 'linear'), 'linear')).toBe(0.25);
  expect(share(10, ticksOf([1, 10_000], 'log'), 'log')).toBeCloseTo(0.25);
  expect(share(0, ticksOf([1, 10_000], 'log'), 'log')).toBe(0);
});

test('marks are written as people write them', () => {
  expect([0, 5, 1000, 100_000, 0.05, 1.5].map(tickLabel)).toEqual([
    ...['0', '5', '1\u202f000', '100\u202f000', '0.05', '1.5'],
  ]);
});

test('text is escaped for XML', () => {
  expect(escaped('a<b & "c">d\u0007')).toBe('a&lt;b &amp; &quot;c&quot;&gt;d');
});

test('a plot is a well-formed document that says what it shows, and the same bytes every time', () => {
  const text = drawPlot(plot);
  expect(tagsOf(text)).toEqual([]);
  expect(text).toContain('<title id="title">Junk &amp; &quot;more&quot; &lt;all&gt;</title>');
  expect(text).toContain('<desc id="desc">spad is below fwknopd everywhere.</desc>');
  expect(text).toContain('>a &lt; b</text>');
  expect(text).not.toMatch(/NaN|Infinity|undefined/);
  expect(drawPlot(plot)).toBe(text);
});

test('a plot without points, and one with nothing but zeros on logarithmic axes, can be drawn', () => {
  const axis = { label: 'x', scale: 'log' } as const;
  for (const points of [[], [{ x: 0, y: 0 }]]) {
    const text = drawPlot({ ...plot, x: axis, y: axis, series: [{ name: 'one', points }] });
    expect(tagsOf(text)).toEqual([]);
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
  }
});

test('bars are as long as their values, each by its name, with the least and the most where there are some', () => {
  const axis = { label: 'ms', scale: 'linear' } as const;
  const bars = [
    { name: 'a < b', value: 50 },
    { name: 'twice', value: 100, low: 25, high: 100 },
    { name: 'nothing', value: 0 },
  ];
  const text = drawBars({ name: 'x', title: 'T', description: 'D', axis, bars });
  expect(tagsOf(text)).toEqual([]);
  const widths = [...text.matchAll(/<rect fill="[^"]+" x="220" y="[^"]+" width="([^"]+)"/g)].map(([, width]) =>
    Number(width),
  );
  expect(widths).toEqual([210, 420, 1]);
  expect(text.match(/class="spread"/g)).toHaveLength(1);
  expect(text).toContain('d="M325 ');
  for (const { name } of bars) expect(text).toContain(`>${name.replace('<', '&lt;')}</text>`);
});

test('bars without values, and zeros on a logarithmic axis, can be drawn', () => {
  for (const bars of [[], [{ name: 'one', value: 0 }]]) {
    const text = drawBars({ name: 'x', title: 'T', description: 'D', axis: { label: 'ms', scale: 'log' }, bars });
    expect(tagsOf(text)).toEqual([]);
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
  }
});

/** Tags that are open at the end; throws where one is closed that is not open, or a `<` or `&` is none of XML's (W3C XML 1.0). */
function tagsOf(text: string): readonly string[] {
  const open: string[] = [];
  const token =
    /<(\/?)([a-z]+)((?: [A-Za-z-]+(?::[a-z]+)?="[^"<&]*(?:&[a-z]+;[^"<&]*)*")*)(\/?)>|[^<&]+|&(?:amp|lt|gt|quot);/gy;
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const found = token.exec(text);
    if (found === null) throw new Error(`not well-formed at ${text.slice(at, at + 80)}`);
    const [, closing, name, , empty] = found;
    if (name === undefined) continue;
    if (closing === '/') {
      if (open.pop() !== name) throw new Error(`</${name}> closes what is not open`);
    } else if (empty !== '/') open.push(name);
  }
  return open;
}
