/** Codes against what a clerk with a list would do: any history of codes, reloads and crashes, and each opens once at most. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unixMs } from '../../src/base/units.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { decodeUsedCodes, encodeUsedCode, encodeUsedCodes, UsedCodes } from '../../src/replay/used-codes.ts';
import type { CodeRange } from '../../src/spa/native/code.ts';
import { sealCode } from '../../src/spa/native/code.ts';
import { engineOf, moment, policyOf, SERVER, stanzaOf } from '../unit/engine/desk.ts';
import { ip, requestOf, secretOf } from '../unit/values.ts';

const NUMBERS = 6;
const DATAGRAMS = [0, 1].map((client) =>
  Array.from({ length: NUMBERS }, (_, index) => sealCode(index + 1, requestOf({}), secretOf(client), SERVER)),
);

type Step =
  | { readonly kind: 'send'; readonly client: number; readonly number: number; readonly source: number }
  | { readonly kind: 'reload'; readonly ranges: readonly (CodeRange | undefined)[] }
  | { readonly kind: 'crash' }
  | { readonly kind: 'tick'; readonly days: number };

const range: fc.Arbitrary<CodeRange | undefined> = fc.option(
  fc
    .tuple(fc.integer({ min: 1, max: NUMBERS }), fc.nat(NUMBERS))
    .map(([first, more]) => ({ first, last: Math.min(NUMBERS, first + more) })),
  { nil: undefined },
);
const ranges = fc.tuple(range, range);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      client: fc.nat(1),
      number: fc.integer({ min: 1, max: NUMBERS }),
      source: fc.nat(2),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reload' as const), ranges }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'crash' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('tick' as const), days: fc.nat(4000) }) },
);

const policyWith = (codes: readonly (CodeRange | undefined)[]): ReturnType<typeof policyOf> => {
  const policy = policyOf([stanzaOf('alice'), stanzaOf('bob')]);
  return { ...policy, clients: policy.clients.map((client, index) => ({ ...client, codes: codes[index] })) };
};

test('each code opens once at most, and only while its range holds', () => {
  fc.assert(
    fc.property(ranges, fc.array(step, { maxLength: 60 }), (start, steps) => {
      let held: readonly (CodeRange | undefined)[] = start;
      let now = 0;
      /** What the disk has: the file, and how many of its slots are filled. */
      let [file, filled] = [encodeUsedCodes(100, []), 0];
      let engine: Engine = engineOf(policyWith(held));
      const spent = new Set<string>();
      for (const one of steps) {
        if (one.kind === 'tick') {
          now += one.days * 86_400_000;
          engine.handle({ kind: 'tick' }, moment(now));
        } else if (one.kind === 'reload') {
          held = one.ranges;
          engine.handle({ kind: 'reload', policy: policyWith(held) }, moment(now));
        } else if (one.kind === 'crash') {
          const read = decodeUsedCodes(file);
          expect(read.damage).toBeUndefined();
          engine = engineOf(policyWith(held), 100, { usedCodes: new UsedCodes(read.records) });
        } else {
          const { client, number, source } = one;
          const name = `${String(client)} ${String(number)}`;
          const holds = held[client];
          const expected =
            holds === undefined || number < holds.first || number > holds.last
              ? 'code-unknown'
              : spent.has(name)
                ? 'code-used'
                : undefined;
          const datagram = DATAGRAMS[client]?.[number - 1] ?? new Uint8Array(0);
          const candidate = { client, source: ip(`192.0.2.${String(source + 1)}`), captured: unixMs(0), datagram };
          const [decision = []] = engine.handle({ kind: 'candidate', candidate }, moment(now));
          const [first] = decision;
          if (expected === undefined) {
            if (first?.kind !== 'use-code') expect.fail('it is not marked as used before anything else');
            file = file.slice();
            file.set(encodeUsedCode(first.record, filled), 32 * (filled + 1));
            filled += 1;
            spent.add(name);
            expect(decision.some((effect) => effect.kind === 'change-firewall')).toBe(true);
          } else {
            expect(decision.filter((effect) => effect.kind !== 'audit')).toEqual([]);
            // Of each reason so many a second have a line.
            if (first?.kind === 'audit') expect(first.line.reason).toBe(expected);
          }
        }
      }
    }),
  );
});
