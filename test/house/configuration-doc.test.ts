/** docs/configuration.md says what the directive tables say. `UPDATE_DOCS=1 npm run check:fast` writes it anew. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { formatCidr } from '../../src/base/address.ts';
import { formatPortSpec } from '../../src/base/port-spec.ts';
import { formatDuration, seconds } from '../../src/base/units.ts';
import type { Directive } from '../../src/config/directive.ts';
import { doorDirectives } from '../../src/config/door.ts';
import { profileDirectives } from '../../src/config/profile.ts';
import { accessDirectives } from '../../src/config/access-section.ts';
import { daemonDirectives } from '../../src/config/daemon-directives.ts';
import { fwknopDirectives } from '../../src/config/fwknop-section.ts';

const PAGE = new URL('../../docs/configuration.md', import.meta.url);
const TABLES: Readonly<Record<string, Readonly<Record<string, Directive<unknown>>>>> = {
  daemonDirectives,
  accessDirectives,
  fwknopDirectives,
  doorDirectives,
  profileDirectives,
};

/** Keys whose default is a number of seconds. */
const DURATIONS = [
  'max_age',
  'command_timeout',
  'open_for',
  'max_open_for',
  'seq_timeout',
  'cmd_timeout',
  'metrics_every',
];

const formatItem = (item: unknown): string => {
  if (typeof item === 'object' && item !== null && 'protocol' in item) {
    return formatPortSpec(item as Parameters<typeof formatPortSpec>[0]);
  }
  if (typeof item === 'object' && item !== null && 'prefix' in item) {
    return formatCidr(item as Parameters<typeof formatCidr>[0]);
  }
  if (typeof item === 'object' && item !== null && 'low' in item && 'high' in item) {
    return `${String(item.low)}-${String(item.high)}`;
  }
  return String(item);
};

const formatDefault = (key: string, { fallback }: Directive<unknown>): string => {
  if (fallback === 'required') return '*required*';
  const { value } = fallback;
  if (value === undefined) return 'none';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : `\`${value.map(formatItem).join(', ')}\``;
  if (typeof value === 'boolean') return value ? '`yes`' : '`no`';
  if (DURATIONS.includes(key) && typeof value === 'number') return `\`${formatDuration(seconds(value))}\``;
  return `\`${formatItem(value)}\``;
};

const render = (table: Readonly<Record<string, Directive<unknown>>>): string =>
  [
    '| key | default | meaning |',
    '|---|---|---|',
    ...Object.entries(table).map(
      ([key, directive]) => `| \`${key}\` | ${formatDefault(key, directive)} | ${directive.doc} |`,
    ),
  ].join('\n');

test('the reference of the configuration is that of the code', () => {
  const before = readFileSync(PAGE, 'utf8');
  const after = Object.entries(TABLES).reduce(
    (page, [name, table]) =>
      page.replace(
        new RegExp(`(<!-- begin ${name} -->\n)[^]*?(<!-- end ${name} -->)`),
        (_, begin: string, end: string) => `${begin}\n${render(table)}\n\n${end}`,
      ),
    before,
  );
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(PAGE, after);
  else expect(before, 'run UPDATE_DOCS=1 npm run check:fast').toBe(after);
});
