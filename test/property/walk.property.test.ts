/** A doubt may cost an answer, and never makes a wrong one: whichever way each doubt turns out, what was said holds. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Chain, Rule, Ruleset, Step } from '../../src/host/ruleset.ts';
import { match, span, word } from '../../src/host/ruleset.ts';
import { walkIn } from '../../src/host/walk.ts';
import { ip } from '../unit/values.ts';
import { probe, SURROUNDINGS } from '../unit/host/model.ts';

const TARGETS = ['one', 'two'] as const;
/** By its number, so that each can be turned by itself. */
const doubts = fc.nat(5).map((number): Step => ({ do: 'doubt', what: String(number) }));

const matches: fc.Arbitrary<Step> = fc.oneof(
  doubts,
  fc.boolean().map((isOurs) => match('dport', [span(isOurs ? 22 : 23)])),
  fc.constantFrom('new', 'untracked', 'established').map((state) => match('ct-state', [word(state)])),
  fc.nat(1).map((mark) => match('mark', [span(mark)])),
);

const ends = (chains: readonly string[]): fc.Arbitrary<Step> => {
  const jumps = chains.flatMap((chain) =>
    (['jump', 'goto'] as const).map((kind): Step => ({ do: 'verdict', verdict: { kind, chain } })),
  );
  const plain = (['accept', 'drop', 'return'] as const).map((kind): Step => ({ do: 'verdict', verdict: { kind } }));
  const others: Step[] = [{ do: 'notrack' }, { do: 'mark', value: 1n }, { do: 'nat', address: 'here', port: 23 }];
  return fc.constantFrom(...plain, ...plain, ...jumps, ...others);
};

const rules = (chains: readonly string[]): fc.Arbitrary<Rule[]> =>
  fc
    .array(fc.tuple(fc.array(matches, { maxLength: 2 }), ends(chains)), { maxLength: 5 })
    .map((list) => list.map(([steps, end], index) => ({ number: index + 1, text: '', steps: [...steps, end] })));

const base = (name: string): fc.Arbitrary<Chain> =>
  fc
    .tuple(
      fc.constantFrom('prerouting', 'input'),
      fc.constantFrom(-300, -150, 0),
      fc.constantFrom('accept', 'drop'),
      rules(TARGETS),
    )
    .map(([hook, priority, policy, list]) => ({
      ...{ family: 'inet', table: 't', name, rules: list },
      base: { type: hook === 'prerouting' && priority === 0 ? 'nat' : 'filter', hook, priority, policy, devices: [] },
    }));

const rulesets: fc.Arbitrary<Ruleset> = fc
  .tuple(fc.array(fc.constant(0), { minLength: 1, maxLength: 3 }), rules(['two']), rules([]))
  .chain(([count, one, two]) =>
    fc
      .tuple(...count.map((_, index) => base(`base${String(index)}`)))
      .map((bases): Ruleset => [
        ...bases,
        { family: 'inet', table: 't', name: 'one', base: undefined, rules: one },
        { family: 'inet', table: 't', name: 'two', base: undefined, rules: two },
      ]),
  );

const NEVER = match('dport', []);

/** The ruleset with each doubt turned into a yes or a no, by the bits of `turns`. */
const decide = (ruleset: Ruleset, turns: number): Ruleset =>
  ruleset.map((chain) => ({
    ...chain,
    rules: chain.rules.map((rule) => ({
      ...rule,
      steps: rule.steps.flatMap((step) =>
        step.do !== 'doubt' ? [step] : ((turns >> Number(step.what)) & 1) === 1 ? [] : [NEVER],
      ),
    })),
  }));

const kindOf = (ruleset: Ruleset): string => {
  const fate = walkIn(ruleset, probe({ from: ip('198.51.100.7') }), SURROUNDINGS);
  return fate.kind === 'arrives' ? `arrives ${String(fate.port)}` : fate.kind;
};

test('what is said for sure holds however the doubts turn out', () => {
  fc.assert(
    fc.property(rulesets, (ruleset) => {
      const said = kindOf(ruleset);
      const outcomes = new Set(Array.from({ length: 64 }, (_, turns) => kindOf(decide(ruleset, turns))));
      expect(outcomes.has('unsure')).toBe(false);
      if (said !== 'unsure') expect([...outcomes]).toEqual([said]);
    }),
    { numRuns: 300 },
  );
});

test('where there is no doubt there is an answer', () => {
  fc.assert(fc.property(rulesets, fc.nat(63), (ruleset, turns) => kindOf(decide(ruleset, turns)) !== 'unsure'));
});
