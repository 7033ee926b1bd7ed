/**
 * The engine against a world in which effects may fail. The world does what it is told, in order; after any history the
 * firewall shows what the ledger says, and no packet is let in twice.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatAllowed } from '../../src/base/allow-address.ts';
import { seconds } from '../../src/base/units.ts';
import type { Decision, Effect } from '../../src/engine/effect.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { Input } from '../../src/engine/input.ts';
import { layOpenings, type Opening, openingKey } from '../../src/firewall/opening.ts';
import {
  fwknopClient,
  fwknopInput,
  fwknopPolicy,
  fwknopStanza,
  messageOf,
  ROOT,
  textOf,
} from '../unit/engine/fwknop.ts';
import { candidateAt, engineOf, moment, policyOf, showOpening, stanzaOf } from '../unit/engine/desk.ts';
import { ip, specs } from '../unit/values.ts';

const STANZAS = ['alice', 'bob', 'carol'].map((name) => stanzaOf(name));
/** Ports, a command cycle, commands, and no HMAC. */
const FWKNOP_KEYS = [
  ['k0', 'h0'],
  ['k1', 'h1'],
  ['k2', 'h2'],
  ['k3', undefined],
] as const;
const CYCLE = { open: '/open $IP $PORT', close: '/close $IP $PORT', timer: seconds(10), runAs: ROOT };
const FWKNOP = fwknopPolicy(
  FWKNOP_KEYS.map(([cipher, hmac], index) => {
    const fields = index === 1 ? { cycle: CYCLE } : index === 2 ? { commands: ROOT } : { openFor: seconds(20) };
    const stanza = fwknopStanza(`f${String(index)}`, fields);
    return fwknopClient(stanza, { cipher, ...(hmac === undefined ? {} : { hmac }) });
  }),
);
const LISTS = ['tcp/22', 'tcp/20-30', 'tcp/25 tcp/80', 'tcp/1-1000'];

type Step =
  | {
      readonly kind: 'knock';
      readonly client: number;
      readonly source: number;
      readonly list: number;
      readonly openFor: number;
      readonly close: boolean;
    }
  | { readonly kind: 'fwknop'; readonly client: number; readonly source: number; readonly list: number }
  | { readonly kind: 'replay'; readonly which: number }
  | { readonly kind: 'tick' }
  | { readonly kind: 'reload'; readonly without: number };

interface Plan {
  readonly step: Step;
  /** Milliseconds since the step before. */
  readonly after: number;
  readonly fails: Effect['kind'] | undefined;
}

const plan: fc.Arbitrary<Plan> = fc.record({
  step: fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('knock' as const),
        client: fc.nat(2),
        source: fc.nat(2),
        list: fc.nat(3),
        openFor: fc.integer({ min: 1, max: 20 }),
        close: fc.nat(4).map((value) => value === 0),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('fwknop' as const),
        client: fc.nat(3),
        source: fc.nat(2),
        list: fc.nat(2),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('replay' as const), which: fc.nat() }) },
    { weight: 2, arbitrary: fc.constant({ kind: 'tick' as const }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('reload' as const), without: fc.nat(3) }) },
  ),
  after: fc.nat(8000),
  fails: fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    fc.constantFrom('remember' as const, 'change-firewall' as const),
  ),
});

/** Disk and firewall. */
class World {
  readonly firewall = new Map<string, Opening>();
  readonly remembered = new Set<string>();

  do(effect: Effect): void {
    switch (effect.kind) {
      case 'remember':
        expect(this.remembered.has(String(effect.record.digest)), 'the same packet twice').toBe(false);
        this.remembered.add(String(effect.record.digest));
        return;
      case 'change-firewall':
        for (const opening of effect.change.close) this.firewall.delete(openingKey(opening));
        for (const opening of effect.change.open) this.firewall.set(openingKey(opening), opening);
        return;
      case 'synchronize-firewall':
        this.firewall.clear();
        for (const opening of effect.wanted.openings) this.firewall.set(openingKey(opening), opening);
        return;
      case 'flush-firewall':
        this.firewall.clear();
        return;
      case 'adopt-connections':
      case 'ask-connections':
      case 'note-connections':
      case 'answer':
      case 'reply':
      case 'give-up':
      case 'record-grants':
      case 'audit':
      case 'run-command':
      case 'use-code':
      case 'use-sequence':
      case 'journal-closes':
      case 'run-program':
      case 'ask':
        return;
    }
  }
}

/** Does a decision up to the effect that fails; the engine hears of it. */
const perform = (engine: Engine, world: World, decision: Decision, fails: Plan['fails'], now: number): void => {
  for (const effect of decision) {
    if (effect.kind === fails) {
      const failure = { effect, decision, message: 'it cannot be' };
      for (const next of engine.handle({ kind: 'effect-failed', failure }, moment(now)))
        perform(engine, world, next, undefined, now);
      return;
    }
    world.do(effect);
  }
};

const inputOf = (step: Step, now: number, seen: Input[]): Input | undefined => {
  switch (step.kind) {
    case 'tick':
      return { kind: 'tick' };
    case 'reload': {
      const stanzas = STANZAS.filter((_, index) => index !== step.without || index === 0);
      return { kind: 'reload', policy: policyOf(stanzas, { fwknop: FWKNOP }) };
    }
    case 'fwknop': {
      const [cipher, hmac] = FWKNOP_KEYS[step.client] ?? ['', undefined];
      const list = specs(['tcp/22', 'tcp/25 udp/53', 'tcp/80'][step.list] ?? '');
      const isCommand = step.client === 2;
      const message = messageOf(
        moment(now),
        isCommand ? { type: 'command', command: 'id', ports: [] } : { ports: list },
      );
      const input = fwknopInput(textOf(message, cipher, hmac), moment(now), {
        key: hmac === undefined ? undefined : step.client,
        source: ip(`192.0.2.${String(step.source + 1)}`),
      });
      seen.push(input);
      return input;
    }
    case 'replay':
      return seen[step.which % Math.max(1, seen.length)];
    case 'knock': {
      const request = {
        type: step.close ? ('close' as const) : ('open' as const),
        ports: specs(LISTS[step.list] ?? ''),
        openFor: seconds(step.close ? 0 : step.openFor),
      };
      const input = candidateAt(moment(now), {
        client: step.client,
        source: `192.0.2.${String(step.source + 1)}`,
        request,
      });
      seen.push(input);
      return input;
    }
  }
};

/** Of the openings that have not ended: an ended one may stand in a list, the kernel has let it go. */
const live = (openings: Iterable<Opening>, now: number): string[] =>
  [...openings]
    .filter((opening) => opening.ends > now)
    .map(showOpening)
    .sort();

const run = (
  plans: readonly Plan[],
  check: (engine: Engine, world: World, now: number, decisions: readonly Decision[]) => void,
): void => {
  const engine = engineOf(policyOf(STANZAS, { fwknop: FWKNOP }), 8);
  const world = new World();
  const seen: Input[] = [];
  let now = 0;
  for (const { step, after, fails } of plans) {
    now += after;
    const input = inputOf(step, now, seen);
    if (input === undefined) continue;
    const decisions = engine.handle(input, moment(now));
    for (const decision of decisions) perform(engine, world, decision, fails, now);
    check(engine, world, now, decisions);
  }
};

const plans = fc.array(plan, { maxLength: 25, size: 'max' });

describe('whatever happens and whatever fails', () => {
  test('the firewall shows what the ledger says', () => {
    fc.assert(
      fc.property(plans, (list) => {
        run(list, (engine, world, now) => {
          const grants = engine.grants();
          const addresses = [...new Set(grants.map((grant) => formatAllowed(grant.address)))];
          const wanted = addresses.flatMap((address) =>
            layOpenings(grants.filter((grant) => formatAllowed(grant.address) === address)),
          );
          expect(live(world.firewall.values(), now)).toEqual(live(wanted, now));
        });
      }),
      { numRuns: 150 },
    );
  });

  test('no change names an opening twice, or one that is both closed and opened', () => {
    fc.assert(
      fc.property(plans, (list) => {
        run(list, (_engine, _world, _now, decisions) => {
          for (const effect of decisions.flat()) {
            if (effect.kind !== 'change-firewall') continue;
            const keys = [...effect.change.close, ...effect.change.open].map(openingKey);
            expect(keys.length).toBe(new Set(keys).size);
          }
        });
      }),
      { numRuns: 150 },
    );
  });

  test('what opens is remembered first; what begins is told after it is done', () => {
    const ORDER = [
      ...['remember', 'synchronize-firewall', 'record-grants', 'change-firewall'],
      ...['journal-closes', 'run-program', 'ask', 'audit'],
    ];
    fc.assert(
      fc.property(plans, (list) => {
        run(list, (_engine, _world, _now, decisions) => {
          for (const decision of decisions) {
            const order = decision.map((effect) => ORDER.indexOf(effect.kind));
            expect(order).toEqual([...order].sort((a, b) => a - b));
            const kinds = decision.map((effect) => effect.kind);
            const opens = decision.some((one) => one.kind === 'run-program' && one.purpose.kind !== 'close');
            if (opens || kinds.includes('change-firewall') || kinds.includes('journal-closes'))
              expect([kinds[0], kinds.at(-1)]).toEqual(['remember', 'audit']);
          }
        });
      }),
      { numRuns: 100 },
    );
  });

  test('there are never more grants than the limit, nor one that outlives the longest wish', () => {
    fc.assert(
      fc.property(plans, (list) => {
        run(list, (engine, _world, now) => {
          expect(engine.grants().length).toBeLessThanOrEqual(8);
          for (const grant of engine.grants()) expect(grant.ends).toBeLessThanOrEqual(now + 20_000);
        });
      }),
      { numRuns: 100 },
    );
  });
});
