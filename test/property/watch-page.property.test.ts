/** The live view in any terminal, whatever names, addresses and reasons hold. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { paint } from '../../src/base/styled.ts';
import { unixMs } from '../../src/base/units.ts';
import { ASCII_BLOCKS, BLOCKS } from '../../src/control/sparkline.ts';
import { watchPage, type WatchView } from '../../src/control/watch-page.ts';
import { STATUS } from '../unit/control/status-values.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 40 });
const count = fc.nat(1e9);

const answer = fc.record({
  status: fc
    .record({
      ...{ version: anyText, via: anyText, guard: fc.array(anyText), uptime: count, grants: count },
      firewall: anyText.map((detail) => ({ kind: 'fault' as const, detail })),
      capture: fc.option(fc.record({ on: anyText, since: anyText, restarts: count }), { nil: undefined }),
      counts: fc.dictionary(anyText, fc.record({ total: count, per10s: count, per1min: count }), { maxKeys: 30 }),
    })
    .map(({ capture, ...more }) => {
      const { capture: _, ...rest } = STATUS;
      return { ...rest, ...more, ...(capture === undefined ? {} : { capture }) };
    }),
  grants: fc.array(
    fc.record({
      ...{ id: anyText, stanza: anyText, address: anyText, ports: fc.array(anyText), forward: anyText },
      ...{ until: anyText, left: count },
    }),
    { maxLength: 40 },
  ),
  rates: fc.dictionary(anyText, fc.array(count, { maxLength: 60 })),
});

const refusal = fc.record({ source: anyText, client: anyText, reason: anyText, count, time: anyText });

const view: fc.Arbitrary<WatchView> = fc.record({
  answer: fc.option(answer, { nil: undefined }),
  ...{ trouble: anyText, age: count, refusals: fc.array(refusal, { maxLength: 40 }), footer: anyText },
  ...{ now: count.map((ms) => unixMs(1.7e12 + ms)), blocks: fc.constantFrom(BLOCKS, ASCII_BLOCKS) },
});

const size = fc.record({ columns: fc.integer({ min: 1, max: 200 }), rows: fc.integer({ min: 1, max: 80 }) });

test('a frame fits the terminal, a cell a character, and nothing in it moves a cursor', () => {
  fc.assert(
    fc.property(view, size, (shown, screen) => {
      const lines = watchPage(shown, screen).map((line) => paint(line, false));
      expect(lines.length).toBeLessThanOrEqual(screen.rows);
      for (const line of lines) {
        expect(line).toMatch(/^[ -~▁▂▃▄▅▆▇█]*$/);
        expect(line.length).toBeLessThanOrEqual(screen.columns);
      }
    }),
  );
});

test('what colours a frame changes no letter of it', () => {
  fc.assert(
    fc.property(view, size, (shown, screen) => {
      for (const line of watchPage(shown, screen))
        // eslint refuses the bare character in a pattern: it is what is looked for.
        expect(paint(line, true).replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[0-9]*m`, 'g'), '')).toBe(
          paint(line, false),
        );
    }),
  );
});
