/** The queue of ends against a plain list. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { steadyMs, type SteadyMs } from '../../src/base/units.ts';
import { EndQueue } from '../../src/grant/end-queue.ts';

interface Entry {
  readonly ends: SteadyMs;
}

type Step =
  { readonly put: number } | { readonly kill: number } | { readonly again: number } | { readonly take: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ put: fc.nat(100) }) },
  { weight: 2, arbitrary: fc.record({ kill: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ again: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ take: fc.nat(100) }) },
);

test('gives each live entry once, in the order of the ends, and no other', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
      const live = new Set<Entry>();
      const queue = new EndQueue<Entry>((entry) => live.has(entry));
      const known: Entry[] = [];
      for (const one of steps) {
        if ('put' in one) {
          const entry = { ends: steadyMs(one.put) };
          known.push(entry);
          live.add(entry);
          queue.put(entry);
        } else if ('kill' in one) live.delete(known[one.kill % Math.max(1, known.length)] ?? { ends: steadyMs(0) });
        else if ('again' in one) {
          const entry = known[one.again % Math.max(1, known.length)];
          if (entry === undefined) continue;
          live.add(entry);
          queue.put(entry);
        } else {
          const wanted = [...live].filter(({ ends }) => ends <= one.take);
          expect(new Set(queue.due(steadyMs(one.take)))).toEqual(new Set(wanted));
          expect(queue.due(steadyMs(one.take))).toHaveLength(wanted.length);
          const ends = [...live].map((entry) => entry.ends);
          expect(queue.first?.ends).toBe(ends.length === 0 ? undefined : Math.min(...ends));
          const taken: Entry[] = [];
          for (const entry of queue.take(steadyMs(one.take))) {
            live.delete(entry);
            taken.push(entry);
          }
          expect(taken.map(({ ends }) => ends)).toEqual(wanted.map(({ ends }) => ends).sort((a, b) => a - b));
          expect(new Set(taken)).toEqual(new Set(wanted));
        }
      }
    }),
    { numRuns: 200 },
  );
});
