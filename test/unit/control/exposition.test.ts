/** The text of metrics, as OpenMetrics 1.0 and as the text format 0.0.4 of Prometheus, by the words of their specifications. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatMetrics, type Metric } from '../../../src/control/exposition.ts';

const METRICS: readonly Metric[] = [
  {
    ...{ name: 'a', type: 'counter', help: 'Of "this" and C:\\that,\nand more.' },
    samples: [
      { labels: { reason: 'x' }, value: 3 },
      { labels: { reason: 'y', way: '"\\\n' }, value: 0 },
    ],
  },
  { ...{ name: 'b_seconds', type: 'gauge', unit: 'seconds', help: 'B.' }, samples: [{ value: 0.25 }] },
  { ...{ name: 'c', type: 'info', help: 'C.' }, samples: [{ labels: { version: '1' }, value: 1 }] },
  { ...{ name: 'd', type: 'gauge', help: 'Nothing to tell.' }, samples: [] },
];

test('as OpenMetrics: the family without its ending, a unit, an end', () => {
  expect(formatMetrics(METRICS, 'openmetrics').split('\n')).toEqual([
    '# TYPE a counter',
    String.raw`# HELP a Of \"this\" and C:\\that,\nand more.`,
    'a_total{reason="x"} 3',
    String.raw`a_total{reason="y",way="\"\\\n"} 0`,
    '# TYPE b_seconds gauge',
    '# UNIT b_seconds seconds',
    '# HELP b_seconds B.',
    'b_seconds 0.25',
    '# TYPE c info',
    '# HELP c C.',
    'c_info{version="1"} 1',
    '# EOF',
    '',
  ]);
});

test('as Prometheus reads files: the name with its ending, no unit, no end, no type that it does not know', () => {
  expect(formatMetrics(METRICS, 'prometheus').split('\n')).toEqual([
    '# TYPE a_total counter',
    String.raw`# HELP a_total Of "this" and C:\\that,\nand more.`,
    'a_total{reason="x"} 3',
    String.raw`a_total{reason="y",way="\"\\\n"} 0`,
    '# TYPE b_seconds gauge',
    '# HELP b_seconds B.',
    'b_seconds 0.25',
    '# TYPE c_info gauge',
    '# HELP c_info C.',
    'c_info{version="1"} 1',
    '',
  ]);
});

describe('values', () => {
  test.each([
    [Infinity, '+Inf'],
    [-Infinity, '-Inf'],
    [NaN, 'NaN'],
    [1e21, '1e+21'],
  ])('%f is %s', (value, text) => {
    const metric: Metric = { name: 'v', type: 'gauge', help: 'V.', samples: [{ value }] };
    expect(formatMetrics([metric], 'openmetrics')).toContain(`\nv ${text}\n`);
  });

  test('any text of a label stays within its quotes, and is read back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (first, second) => {
        const metric: Metric = {
          ...{ name: 'v', type: 'gauge', help: first },
          samples: [{ labels: { first, second }, value: 1 }],
        };
        const lines = formatMetrics([metric], 'openmetrics').split('\n');
        expect(lines).toHaveLength(5);
        const values = /^v\{first="((?:[^"\\]|\\.)*)",second="((?:[^"\\]|\\.)*)"\} 1$/su.exec(lines[2] ?? '');
        const back = (text = ''): string => text.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c));
        expect([back(values?.[1]), back(values?.[2])]).toEqual([first, second]);
      }),
    );
  });
});
