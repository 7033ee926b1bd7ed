/**
 * fwknop's stanzas and cycles against models: the first stanza that would grant is the one that does; and whatever comes,
 * fails or crashes, what a cycle has opened is open for as long as somebody was granted it, and no longer.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { authorizeFwknop } from '../../src/access/fwknop-authorize.ts';
import type { FwknopStanza } from '../../src/access/fwknop-stanza.ts';
import type { PendingClose } from '../../src/access/pending-close.ts';
import { formatAddress } from '../../src/base/address.ts';
import { seconds } from '../../src/base/units.ts';
import type { Decision } from '../../src/engine/effect.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { ReplayCache } from '../../src/replay/cache.ts';
import { unixMs } from '../../src/base/units.ts';
import { engineOf, moment, policyOf } from '../unit/engine/desk.ts';
import {
  fwknopClient,
  fwknopInput,
  fwknopPolicy,
  fwknopStanza,
  messageOf,
  ROOT,
  textOf,
} from '../unit/engine/fwknop.ts';
import { cidr, ip, ports, specs } from '../unit/values.ts';

const NOW = moment(0);

const limits: fc.Arbitrary<Partial<FwknopStanza>> = fc.record(
  {
    sources: fc.constantFrom([cidr('192.0.2.0/24')], [cidr('203.0.113.0/24')]),
    openPorts: fc.constantFrom(ports('tcp/22'), ports('tcp/80'), undefined),
    restrictPorts: fc.constantFrom(specs('tcp/80'), []),
    username: fc.constantFrom('alice', 'bob', undefined),
    requireAddress: fc.boolean(),
    whileConnected: fc.boolean(),
    dropOnExpiry: fc.boolean(),
    expires: fc.constantFrom(NOW.wall, undefined),
  },
  { requiredKeys: [] },
);

const message = fc.record({
  user: fc.constantFrom('alice', 'bob'),
  ports: fc.constantFrom(specs('tcp/22'), specs('tcp/22 tcp/80')),
  allow: fc.constantFrom(undefined, ip('192.0.2.9')),
});

test('the first stanza that would grant is the one that does', () => {
  fc.assert(
    fc.property(fc.array(limits, { minLength: 1, maxLength: 6 }), message, (list, fields) => {
      const stanzas = list.map((limit, index) => fwknopStanza(`s${String(index)}`, limit));
      const clients = stanzas.map((stanza) => fwknopClient(stanza, { cipher: 'k', hmac: 'h' }));
      const asked = messageOf(NOW, fields);
      const input = fwknopInput(textOf(asked, 'k', 'h'), NOW);
      const facts = { ...input.candidate, lookups: [] };
      const first = stanzas.find((stanza) => authorizeFwknop(asked, facts, stanza, NOW.wall).ok);
      const engine = engineOf(policyOf([], { fwknop: fwknopPolicy(clients) }));
      const lines = engine
        .handle(input, NOW)
        .flat()
        .flatMap((effect) => (effect.kind === 'audit' ? [effect.line] : []));
      expect(lines).toHaveLength(1);
      expect(lines[0]?.event).toBe(first === undefined ? 'rejected' : 'granted');
      if (first !== undefined) expect(lines[0]?.stanza).toBe(first.name);
    }),
    { numRuns: 300 },
  );
});

const CYCLE = { open: '/open $IP $PORT', close: '/close $IP $PORT', timer: seconds(10), runAs: ROOT };
const POLICY = policyOf([], {
  fwknop: fwknopPolicy([fwknopClient(fwknopStanza('alice', { cycle: CYCLE }), { cipher: 'k', hmac: 'h' })]),
});

type Step =
  | {
      readonly kind: 'ask';
      readonly address: number;
      readonly list: number;
      readonly wish: number;
      readonly fails: boolean;
    }
  | { readonly kind: 'tick' }
  | { readonly kind: 'reload' }
  | { readonly kind: 'crash' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      address: fc.nat(1),
      list: fc.nat(2),
      wish: fc.integer({ min: 1, max: 30 }),
      fails: fc.nat(5).map((value) => value === 0),
    }),
  },
  { weight: 4, arbitrary: fc.constant({ kind: 'tick' as const }) },
  { weight: 1, arbitrary: fc.constantFrom({ kind: 'reload' as const }, { kind: 'crash' as const }) },
);

const LISTS = ['tcp/22', 'tcp/80', 'tcp/22 tcp/80'];

/** The log of closes, and what the commands have opened. */
class World {
  readonly pending = new Map<string, PendingClose>();
  readonly open = new Set<string>();

  do(decision: Decision): void {
    for (const effect of decision) {
      if (effect.kind === 'journal-closes') for (const close of effect.closes) this.pending.set(close.id, close);
      if (effect.kind !== 'run-program') continue;
      const { argv } = effect.run;
      const what = argv.slice(1).join(' ');
      if (argv[0] === '/open') {
        expect(this.open.has(what), `${what} is opened twice`).toBe(false);
        this.open.add(what);
      } else {
        expect(this.open.delete(what), `${what} is closed and was not open`).toBe(true);
        if (effect.purpose.kind === 'close') this.pending.delete(effect.purpose.id);
      }
    }
  }
}

describe('command cycles', () => {
  test('are open for as long as somebody was granted it, whatever happens', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(step, fc.nat(6000)), { maxLength: 40, size: 'max' }), (steps) => {
        const world = new World();
        const granted = new Map<string, number>();
        const start = (): Engine => engineOf(POLICY, 8, { cache: new ReplayCache(1000, unixMs(0)), newGrantId });
        let ids = 0;
        const newGrantId = (): string => String((ids += 1));
        let engine = start();
        let now = 0;
        const handle = (input: Parameters<Engine['handle']>[0]): readonly Decision[] =>
          engine.handle(input, moment(now));
        for (const [what, after] of steps) {
          now += after;
          if (what.kind === 'ask') {
            const list = specs(LISTS[what.list] ?? '');
            const allow = ip(`192.0.2.${String(what.address + 1)}`);
            const fields = { allow, ports: list, type: 'timeout-access', timeout: seconds(what.wish) } as const;
            // Whatever is over is over before the next one asks; the daemon's tick may be late by half a second.
            for (const decision of handle({ kind: 'tick' })) world.do(decision);
            const text = textOf(messageOf(moment(now), fields), 'k', 'h');
            for (const decision of handle(fwknopInput(text, moment(now)))) {
              const effect = decision.find(({ kind }) => kind === 'remember');
              if (what.fails && effect !== undefined) {
                handle({ kind: 'effect-failed', failure: { effect, decision, message: 'no' } });
                continue;
              }
              world.do(decision);
              for (const { first } of list) {
                const key = `${formatAddress(allow)} ${String(first)}`;
                granted.set(key, Math.max(granted.get(key) ?? 0, now + 1000 * what.wish));
              }
            }
          } else if (what.kind === 'crash') {
            engine = start();
            for (const decision of handle({ kind: 'closes-left', closes: [...world.pending.values()] }))
              world.do(decision);
          } else {
            const input =
              what.kind === 'tick' ? ({ kind: 'tick' } as const) : ({ kind: 'reload', policy: POLICY } as const);
            for (const decision of handle(input)) world.do(decision);
          }
          const live = [...granted].filter(([, ends]) => ends > now).map(([key]) => key);
          expect([...world.open].sort()).toEqual(live.sort());
        }
        for (const decision of handle({ kind: 'stop' })) world.do(decision);
        expect([world.open.size, world.pending.size]).toEqual([0, 0]);
      }),
      { numRuns: 200 },
    );
  });
});
