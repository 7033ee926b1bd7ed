/** docs/from-fwknop.md says of every variable what the tables say. `UPDATE_DOCS=1 npm run check:fast` writes it anew. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ACCESS_FATES } from '../../src/config/fwknop/access-variables.ts';
import { DAEMON_FATES } from '../../src/config/fwknop/daemon-variables.ts';
import { describeFate, type Fate } from '../../src/config/fwknop/fate.ts';

const PAGE = new URL('../../docs/from-fwknop.md', import.meta.url);

const render = (fates: Readonly<Record<string, Fate>>): string => {
  const names = new Map<string, string[]>();
  for (const [name, fate] of Object.entries(fates)) {
    const text = describeFate(fate);
    names.set(text, [...(names.get(text) ?? []), `\`${name}\``]);
  }
  const rows = [...names].map(([text, list]) => `| ${list.join(', ')} | ${text} |`);
  return ['| variable | what becomes of it |', '|---|---|', ...rows].join('\n');
};

test('the fates of the variables are those of the code', () => {
  const before = readFileSync(PAGE, 'utf8');
  const after = Object.entries({ accessFates: ACCESS_FATES, daemonFates: DAEMON_FATES }).reduce(
    (page, [name, fates]) =>
      page.replace(
        new RegExp(`(<!-- begin ${name} -->\n)[^]*?(<!-- end ${name} -->)`),
        (_, begin: string, end: string) => `${begin}\n${render(fates)}\n\n${end}`,
      ),
    before,
  );
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(PAGE, after);
  else expect(before, 'run UPDATE_DOCS=1 npm run check:fast').toBe(after);
});

test('the page names every variable', () => {
  const page = readFileSync(PAGE, 'utf8');
  const names = [...Object.keys(ACCESS_FATES), ...Object.keys(DAEMON_FATES)];
  expect(names.length).toBeGreaterThan(120);
  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
