/**
 * The hint table against section 4 of the specification, worked out anew for every question by a plain search through all
 * clients and windows. The keys are made up: of a few bits, so that clients share hints with each other and with other windows
 * all the time; or HMACs, of which no two do.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unixMs } from '../../src/base/units.ts';
import { HmacKey, type MacKey } from '../../src/crypto/hmac.ts';
import { HintTable, NOWHERE } from '../../src/spa/native/hint-table.ts';
import { PairIndex } from '../../src/spa/native/pair-index.ts';
import { secretOf } from '../unit/values.ts';
import { hintsOf } from '../support/gate-keys.ts';

const MINUTE = 60_000;
const CLIENTS = 5;
const WITH_CODES = [1, 3];

interface Model {
  now: number;
  readonly reach: number;
  readonly hint: (client: number, window: number) => Uint8Array;
}

type Command = fc.Command<Model, HintTable>;

const messageOf = (window: number): Uint8Array => {
  const message = new Uint8Array(8);
  new DataView(message.buffer).setBigUint64(0, BigInt(window));
  return message;
};

/** The third client has the first one's key. */
const realKeys: readonly MacKey[] = [1, 2, 1, 3, 4].map((seed) => new HmacKey(secretOf(seed).reveal()));

/** Keys whose hints are one of `count`, the places of which in the table are few, at its end, or all the same. */
const madeUpKeys = (count: number, spread: 'ends' | 'beginnings'): readonly MacKey[] =>
  Array.from({ length: CLIENTS }, (_, client) => ({
    mac: (message) => {
      const window = Number(new DataView(message.buffer, message.byteOffset).getBigUint64(0));
      const mixed = Math.imul(client * 7919 + (window % 1_000_003), 0x9e37_79b1) >>> 7;
      const mac = new Uint8Array(32);
      if (spread === 'ends') mac.fill(0xff, 0, 7);
      mac[spread === 'ends' ? 7 : 3] = 256 - 1 - (mixed % count);
      return mac;
    },
  }));

const isNear = ({ now, reach }: Model, window: number): boolean =>
  window >= Math.floor((now - reach) / MINUTE) && window <= Math.floor((now + reach) / MINUTE);

/** Everybody whose hint this is, once for each window. */
const ownersOf = (model: Model, hint: Uint8Array): number[] => {
  const owners: number[] = [];
  const first = Math.max(0, Math.floor((model.now - model.reach) / MINUTE));
  const isHint = (client: number, window: number) => model.hint(client, window).every((byte, at) => byte === hint[at]);
  for (let client = 0; client < CLIENTS; client += 1) {
    for (let window = first; isNear(model, window); window += 1) if (isHint(client, window)) owners.push(client);
    if (WITH_CODES.includes(client) && isHint(client, 0)) owners.push(client);
  }
  return owners;
};

const found = (table: HintTable, bytes: Uint8Array, offset: number, now: number): number[] => {
  const clients: number[] = [];
  for (let at = table.find(bytes, offset, unixMs(now)); at !== NOWHERE; at = table.find(bytes, offset, unixMs(now), at))
    clients.push(table.clientAt(at));
  return clients;
};

const move = (to: (now: number) => number, spare: number, name: string): Command => ({
  check: () => true,
  run: (model, table) => {
    model.now = Math.max(0, to(model.now));
    table.advance(unixMs(model.now), spare);
  },
  toString: () => name,
});

const expectOwners = (model: Model, table: HintTable, hint: Uint8Array): void => {
  const bytes = new Uint8Array(20);
  bytes.set(hint, 5);
  expect(found(table, bytes, 5, model.now).sort()).toEqual(ownersOf(model, hint).sort());
};

const ask = (client: number, offset: number, bit: number): Command => ({
  check: () => true,
  run: (model, table) => {
    const hint = model.hint(client, Math.max(0, Math.floor(model.now / MINUTE) + offset)).slice();
    expectOwners(model, table, hint);
    expectOwners(model, table, model.hint(client, 0));
    hint[bit >> 3] = (hint[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expectOwners(model, table, hint);
  },
  toString: () => `ask(${String(client)}, ${String(offset)}, ${String(bit)})`,
});

const count = (): Command => ({
  check: () => true,
  run: (model, table) => {
    const windows = Math.ceil((2 * model.reach) / MINUTE) + 2;
    expect(table.size).toBeLessThanOrEqual(CLIENTS * windows + WITH_CODES.length);
  },
  toString: () => 'count',
});

const spare = fc.nat(CLIENTS + 1);
const question = fc
  .tuple(fc.nat(CLIENTS - 1), fc.integer({ min: -5, max: 5 }), fc.nat(63))
  .map(([client, offset, bit]) => ask(client, offset, bit));
const commands = fc.commands(
  [
    fc
      .tuple(fc.integer({ min: 0, max: 90_000 }), spare)
      .map(([step, some]) => move((now) => now + step, some, `+${String(step)}`)),
    fc
      .tuple(fc.integer({ min: -400_000, max: 400_000 }), spare)
      .map(([step, some]) => move((now) => now + step, some, `jump ${String(step)}`)),
    fc
      .tuple(fc.integer({ min: 0, max: 2_000_000_000_000 }), spare)
      .map(([now, some]) => move(() => now, some, `set ${String(now)}`)),
    fc.tuple(fc.integer({ min: 0, max: 300_000 }), spare).map(([now, some]) => move(() => now, some, '1970')),
    question,
    question,
    fc.constant(count()),
  ],
  { maxCommands: 60, size: 'max' },
);

test.each([
  ['HMACs', realKeys],
  ['one hint for all', madeUpKeys(1, 'ends')],
  ['three hints at the end of the table', madeUpKeys(3, 'ends')],
  ['thirty hints at its end', madeUpKeys(30, 'ends')],
  ['thirty hints that begin a search at one place', madeUpKeys(30, 'beginnings')],
] as const)('%s: finds what the specification allows now, wherever the clock has been', (_, keys) => {
  const made = new Map<string, Uint8Array>();
  const hint = (client: number, window: number): Uint8Array => {
    const name = `${String(client)} ${String(window)}`;
    const known = made.get(name) ?? (keys[client]?.mac(messageOf(window)) ?? messageOf(0)).slice(0, 8);
    made.set(name, known);
    return known;
  };
  fc.assert(
    fc.property(commands, fc.constantFrom(0, 5000, 30_000, 60_000, 120_000, 150_000), (list, reach) => {
      fc.modelRun(() => {
        const real = new HintTable(hintsOf(keys, WITH_CODES), reach);
        const model: Model = { now: 1_767_225_600_000, reach, hint };
        real.advance(unixMs(model.now), 0);
        return { model, real };
      }, list);
    }),
  );
});

describe('the index', () => {
  test('holds what a map of sets holds, at every moment', () => {
    // Few keys, around the end of the table, some with equal tags and some with equal places.
    const word = fc.constantFrom(0, 1, 2, 15, 31, -1, -2, 0x0100_0000, 0x0100_000f, -0x0100_0000, 0x7fff_ffff);
    const step = fc.tuple(fc.nat(15), word, word);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const index = new PairIndex(16);
        const model = new Map<number, string>();
        for (const [entry, high, low] of steps) {
          index.set(entry, high, low);
          model.set(entry, `${String(high)} ${String(low)}`);
          expect(index.size).toBe(model.size);
          const keys = new Map(
            steps.map(([, one, other]) => [`${String(one)} ${String(other)}`, [one, other] as const]),
          );
          for (const [name, [one, other]] of keys) {
            const entries: number[] = [];
            for (let at = index.first(one, other); at >= 0; at = index.next(at, one, other))
              entries.push(index.entryAt(at));
            const expected = [...model].filter(([, key]) => key === name).map(([held]) => held);
            expect(entries.sort()).toEqual(expected.sort());
          }
        }
      }),
    );
  });

  test('gives entries of one key in the order in which they got it', () => {
    const index = new PairIndex(8);
    for (const entry of [3, 1, 2]) index.set(entry, 7, 31);
    index.set(5, 8, 31);
    index.set(3, 9, 9);
    index.set(3, 7, 31);
    const order: number[] = [];
    for (let at = index.first(7, 31); at >= 0; at = index.next(at, 7, 31)) order.push(index.entryAt(at));
    expect(order).toEqual([1, 2, 3]);
  });
});
