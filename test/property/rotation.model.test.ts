/**
 * Rotation against docs/rotation.md: at every instant exactly the keys that hold let packets in, through gate and engine as the
 * daemon puts them together, and each packet once, whatever is rotated, ended or read anew meanwhile.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unixMs } from '../../src/base/units.ts';
import type { AccessEntry } from '../../src/config/access-section.ts';
import type { Effect } from '../../src/engine/effect.ts';
import type { Policy } from '../../src/engine/policy.ts';
import { clientsOf, gateKeysOf, readKeys } from '../../server/load-keys.ts';
import { NativeGate } from '../../src/spa/native/gate.ts';
import { sealNative } from '../../src/spa/native/seal.ts';
import { engineOf, EPOCH, moment, policyOf, SERVER, stanzaOf } from '../unit/engine/desk.ts';
import { ip, requestOf, secretOf } from '../unit/values.ts';

const NAMES = ['alice', 'bob', 'carol'];
const MAX_AGE = 120_000;

/** What the file says of one client: numbers of secrets, and when (steady ms) the old one ends. */
interface Kept {
  readonly key: number;
  readonly old?: { readonly key: number; readonly until: number };
}

const client = fc.nat(NAMES.length - 1);
const step = fc.record({
  after: fc.oneof(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 90_000 })),
  what: fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('send' as const), key: fc.nat(11) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('replay' as const), which: fc.nat(30) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('rotate' as const),
        client,
        grace: fc.oneof(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 200_000 })),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('finish' as const), client }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('reload' as const) }) },
  ),
});

const entryOf = (kept: Kept, place: number): AccessEntry => ({
  stanza: stanzaOf(NAMES[place] ?? ''),
  key: { secret: secretOf(kept.key) },
  old: kept.old && { key: { secret: secretOf(kept.old.key) }, until: unixMs(EPOCH + kept.old.until) },
  codes: undefined,
  line: 1,
});

/** Gate and policy of what the file says. */
const load = (file: readonly Kept[]): { gate: NativeGate; policy: Policy } => {
  const keys = readKeys(file.map(entryOf), (_line, problem) => expect.fail(problem));
  return {
    gate: new NativeGate(gateKeysOf(keys, SERVER), MAX_AGE),
    policy: policyOf([], { clients: clientsOf(keys, SERVER) }),
  };
};

const nonceOf = (number: number): Uint8Array => {
  const nonce = new Uint8Array(24);
  new DataView(nonce.buffer).setUint32(0, number);
  return nonce;
};

const linesOf = (effects: readonly (readonly Effect[])[]) =>
  effects.flat().flatMap((effect) => (effect.kind === 'audit' ? [effect.line] : []));

/** Whose a key is, and which of the two, at `now`. */
const holderOf = (file: readonly Kept[], key: number, now: number) =>
  file.flatMap(({ key: present, old }, place) => {
    const isRotating = old !== undefined && now < old.until;
    if (present === key) return [{ stanza: NAMES[place], generation: isRotating ? 'new' : undefined }];
    return isRotating && old.key === key ? [{ stanza: NAMES[place], generation: 'old' }] : [];
  })[0];

test('exactly the keys that hold let packets in, each packet once', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
      let file: readonly Kept[] = NAMES.map((_, key) => ({ key }));
      let next = NAMES.length;
      let now = 0;
      const sent: { readonly datagram: Uint8Array; readonly key: number; readonly at: number; wasIn: boolean }[] = [];
      let { gate, policy } = load(file);
      const engine = engineOf(policy);
      const change = (place: number, kept: Kept): void => {
        file = file.map((before, at) => (at === place ? kept : before));
      };
      const reload = (): void => {
        ({ gate, policy } = load(file));
        engine.handle({ kind: 'reload', policy }, moment(now));
      };
      const deliver = (datagram: Uint8Array) => {
        const found = gate.check(datagram, moment(now).wall);
        if (typeof found !== 'number') return undefined;
        const candidate = { client: found, source: ip('192.0.2.1'), captured: moment(now).wall, datagram };
        return linesOf(engine.handle({ kind: 'candidate', candidate }, moment(now)));
      };
      for (const { after, what } of steps) {
        now += after;
        if (what.kind === 'send') {
          const holder = holderOf(file, what.key, now);
          const request = requestOf({ time: moment(now).wall });
          const datagram = sealNative(request, secretOf(what.key), SERVER, nonceOf(sent.length));
          const lines = deliver(datagram);
          if (holder === undefined) expect(lines).toBeUndefined();
          else {
            expect(lines?.map(({ event }) => event)).toContain(
              lines?.[0]?.event === 'granted' ? 'granted' : 'extended',
            );
            expect(lines?.[0]).toMatchObject({ stanza: holder.stanza });
            expect(lines?.[0]?.key).toBe(holder.generation);
          }
          sent.push({ datagram, key: what.key, at: now, wasIn: holder !== undefined });
        } else if (what.kind === 'replay') {
          const packet = sent[what.which % Math.max(1, sent.length)];
          if (packet === undefined || now - packet.at > MAX_AGE) continue;
          const lines = deliver(packet.datagram);
          const holds = holderOf(file, packet.key, now) !== undefined;
          if (!holds) expect(lines).toBeUndefined();
          else if (packet.wasIn) expect(lines?.[0]).toMatchObject({ event: 'rejected', reason: 'replayed' });
          if (holds) packet.wasIn = true;
        } else {
          if (what.kind === 'rotate') {
            const { key } = file[what.client] ?? { key: 0 };
            change(what.client, { key: next, old: { key, until: now + what.grace } });
            next += 1;
          } else if (what.kind === 'finish') change(what.client, { key: file[what.client]?.key ?? 0 });
          reload();
        }
      }
    }),
    { numRuns: 150 },
  );
});

test('an old key that ends between the gate and the engine is refused, and its packet may not come again', () => {
  const { gate, policy } = load([{ key: 1, old: { key: 0, until: 1000 } }]);
  const datagram = sealNative(requestOf({ time: moment(999).wall }), secretOf(0), SERVER, nonceOf(1));
  const found = gate.check(datagram, moment(999).wall);
  if (typeof found !== 'number') expect.fail(found);
  expect(gate.check(datagram, moment(1000).wall)).toBe('unknown-hint');
  const candidate = { client: found, source: ip('192.0.2.1'), captured: moment(999).wall, datagram };
  const [line] = linesOf(engineOf(policy).handle({ kind: 'candidate', candidate }, moment(1000)));
  expect(line).toMatchObject({ event: 'rejected', stanza: 'alice', reason: 'key-ended' });
  expect(line?.key).toBeUndefined();
});

test('what clients with two keys have used is told, until they have other ones', () => {
  const file = [{ key: 1, old: { key: 0, until: 50_000 } }, { key: 2 }];
  const { policy } = load(file);
  const engine = engineOf(policy);
  const send = (client: number, key: number, at: number): unknown => {
    const datagram = sealNative(requestOf({ time: moment(at).wall }), secretOf(key), SERVER, nonceOf(at));
    const candidate = { client, source: ip('192.0.2.1'), captured: moment(at).wall, datagram };
    return engine.handle({ kind: 'candidate', candidate }, moment(at));
  };
  const until = unixMs(EPOCH + 50_000);
  expect(engine.facts().rotations).toEqual([{ stanza: 'alice', until, used: {} }]);
  send(2, 0, 100);
  send(1, 2, 200);
  expect(engine.facts().rotations).toEqual([{ stanza: 'alice', until, used: { old: moment(100).wall } }]);
  send(0, 1, 300);
  const used = { old: moment(100).wall, new: moment(300).wall };
  engine.handle({ kind: 'reload', policy: load(file).policy }, moment(400));
  expect(engine.facts().rotations).toEqual([{ stanza: 'alice', until, used }]);
  engine.handle({ kind: 'reload', policy: load([{ key: 3, old: { key: 0, until: 50_000 } }]).policy }, moment(500));
  expect(engine.facts().rotations).toEqual([{ stanza: 'alice', until, used: {} }]);
  engine.handle({ kind: 'reload', policy: load([{ key: 3 }]).policy }, moment(600));
  expect(engine.facts().rotations).toEqual([]);
});
