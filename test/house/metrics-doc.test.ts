/** docs/metrics.md lists the metrics that there are. `UPDATE_DOCS=1 npm run check:fast` writes it anew. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { sampleName } from '../../src/control/exposition.ts';
import { COUNTER_FAMILIES, COUNTER_NAMES } from '../../src/engine/counter-names.ts';
import { METRICS } from '../../src/engine/metrics.ts';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const PAGE = '../../docs/metrics.md';

const table = (): string =>
  [
    '| metric | type | label | meaning |',
    '|---|---|---|---|',
    ...METRICS.map(
      (metric) => `| \`${sampleName(metric)}\` | ${metric.type} | ${metric.label ?? ''} | ${metric.help} |`,
    ),
  ].join('\n');

const values = (): string =>
  COUNTER_FAMILIES.filter(({ label }) => label !== undefined)
    .map(({ metric, label, counters }) => {
      const names = counters.map((name) => `\`${name}\``).join(', ');
      return `- \`${label ?? ''}\` of \`${sampleName({ name: metric, type: 'counter' })}\`: ${names}`;
    })
    .join('\n');

test('the list of metrics is that of the code', () => {
  const before = read(PAGE);
  const after = [
    ['metrics', table()],
    ['values', values()],
  ].reduce(
    (page, [name = '', text = '']) =>
      page.replace(
        new RegExp(`(<!-- begin ${name} -->\n)[^]*?(<!-- end ${name} -->)`),
        (_, begin: string, end: string) => `${begin}\n${text}\n\n${end}`,
      ),
    before,
  );
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(new URL(PAGE, import.meta.url), after);
  else expect(before, 'run UPDATE_DOCS=1 npm run check:fast').toBe(after);
});

test('the page of the audit log explains every counter, itself or by the page of the packet format', () => {
  const pages = ['audit-log', 'native-packet', 'fwknop-packet'].map((name) => read(`../../docs/${name}.md`)).join('');
  expect(COUNTER_NAMES.filter((name) => !pages.includes(`\`${name}\``))).toEqual([]);
});
