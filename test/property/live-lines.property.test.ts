/** Lines for slow readers, and audit lines for people, whatever is in them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inCells, stillPrintable } from '../../src/base/printable.ts';
import { paint } from '../../src/base/styled.ts';
import { decodeFollowed } from '../../src/control/audit-record.ts';
import { auditWords } from '../../src/control/audit-words.ts';
import { LineQueue } from '../../src/control/line-queue.ts';

describe('a queue of lines', () => {
  const steps = fc.array(
    fc.oneof(
      { weight: 5, arbitrary: fc.string({ maxLength: 12 }).map((line) => ({ line })) },
      fc.constant({ line: undefined }),
    ),
  );

  test('gives back what was pushed, in order, and counts what has gone: nothing is lost unheard, nothing told twice', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 40 }), (actions, room) => {
        const queue = new LineQueue(room);
        let pushed: string[] = [];
        const check = (): void => {
          const { lost, lines } = queue.take();
          expect(lines).toEqual(pushed.slice(lost));
          expect(lost + lines.length).toBe(pushed.length);
          expect(lines.join('').length).toBeLessThanOrEqual(room);
          // What has gone had to go.
          if (lost > 0) expect(pushed.slice(lost - 1).join('').length).toBeGreaterThan(room);
          pushed = [];
        };
        for (const { line } of actions) {
          if (line === undefined) check();
          else {
            queue.push(line);
            pushed.push(line);
          }
        }
        expect(queue.last(3)).toEqual(queue.last(1000).slice(-3));
        check();
      }),
    );
  });
});

const anyText = fc.string({ unit: 'binary', maxLength: 30 });
const record = fc
  .record(
    {
      ...{ event: anyText, stanza: anyText, source: anyText, reason: anyText, detail: anyText, user: anyText },
      ...{ until: anyText, forward: anyText, allow: fc.oneof(anyText, fc.array(anyText, { maxLength: 3 })) },
      ...{
        ports: fc.array(anyText, { maxLength: 3 }),
        skew: fc.double({ noNaN: true, noDefaultInfinity: true }),
        code: fc.integer(),
      },
      counts: fc.dictionary(anyText, fc.integer()),
    },
    { requiredKeys: ['event'] },
  )
  .chain((members) => anyText.map((time) => ({ time, ...members })));

describe('an audit line for people', () => {
  test('is one line without anything that moves a cursor, whatever its members hold', () => {
    fc.assert(
      fc.property(record, (members) => {
        const followed = decodeFollowed(JSON.stringify(members));
        expect(followed?.kind).toBe('record');
        const text = followed === undefined ? '' : paint(auditWords(followed), false);
        expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      }),
    );
  });

  test('anything that is no such line is none, and does no harm', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), anyText), (text) => {
        const followed = decodeFollowed(text);
        if (followed !== undefined) expect(auditWords(followed).length).toBeGreaterThan(0);
      }),
    );
  });
});

test('text in cells has as many characters as cells, and printable text stays as it is', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(inCells(text)).toMatch(/^[ -~]*$/);
      expect(stillPrintable(stillPrintable(text))).toBe(stillPrintable(text));
      expect(inCells(inCells(text))).toBe(inCells(text));
    }),
  );
});
