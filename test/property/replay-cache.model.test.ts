/** The replay cache against a plain list of what it holds, by packets, prunings and a clock that goes both ways. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type UnixMs, unixMs } from '../../src/base/units.ts';
import { ReplayCache } from '../../src/replay/cache.ts';

const CAPACITY = 6;
const MAX_AGE = 5000;
const START = 1_767_225_600_000;

interface Packet {
  readonly number: number;
  readonly time: UnixMs;
}

interface Model {
  now: number;
  floor: number;
  held: Packet[];
  /** Every packet that was ever let in, by its number. */
  readonly passed: Set<number>;
}

type Command = fc.Command<Model, ReplayCache>;

const secondOf = (packet: Packet): number => Math.floor(packet.time / 1000);

/** Lets go of the packets of one second and puts the floor in their place. */
const forget = (model: Model, second: number): void => {
  const gone = model.held.filter((packet) => secondOf(packet) === second);
  model.held = model.held.filter((packet) => secondOf(packet) !== second);
  model.floor = Math.max(model.floor, ...gone.map((packet) => packet.time));
};

const digestOf = ({ number }: Packet): Uint8Array => new Uint8Array(16).fill(number);

const expected = (model: Model, packet: Packet): string | undefined => {
  if (model.held.some((held) => held.number === packet.number)) return 'replayed';
  return packet.time <= model.floor ? 'below-floor' : undefined;
};

const arrives = (number: number): Command => ({
  check: () => true,
  run: (model, cache) => {
    // A packet's time is sealed in it: each number has one, a few seconds around the start.
    const packet = { number, time: unixMs(START + ((number * 977) % 12_000)) };
    const verdict = cache.judge(digestOf(packet), packet.time);
    expect(verdict).toBe(expected(model, packet));
    if (verdict !== undefined) return;
    expect(model.passed.has(number), 'a packet has passed twice').toBe(false);
    model.passed.add(number);
    cache.remember({ digest: digestOf(packet), time: packet.time });
    model.held.push(packet);
    while (model.held.length > CAPACITY) forget(model, Math.min(...model.held.map(secondOf)));
  },
  toString: () => `arrives(${String(number)})`,
});

const clock = (step: number): Command => ({
  check: () => true,
  run: (model) => {
    model.now += step;
  },
  toString: () => `clock(${String(step)})`,
});

const prune = (): Command => ({
  check: () => true,
  run: (model, cache) => {
    cache.prune(unixMs(model.now), MAX_AGE);
    for (const second of new Set(model.held.map(secondOf))) {
      const latest = Math.max(
        ...model.held.filter((packet) => secondOf(packet) === second).map((packet) => packet.time),
      );
      if (model.now > latest + MAX_AGE) forget(model, second);
    }
  },
  toString: () => 'prune',
});

const raise = (step: number): Command => ({
  check: () => true,
  run: (model, cache) => {
    cache.raiseFloor(unixMs(START + step));
    model.floor = Math.max(model.floor, START + step);
  },
  toString: () => `raise(${String(step)})`,
});

const look = (): Command => ({
  check: () => true,
  run: (model, cache) => {
    expect([cache.size, cache.floor]).toEqual([model.held.length, model.floor]);
    expect(cache.size).toBeLessThanOrEqual(CAPACITY);
    const times = [...cache.records()].map((record) => record.time).sort((a, b) => a - b);
    expect(times).toEqual(model.held.map((packet) => packet.time).sort((a, b) => a - b));
  },
  toString: () => 'look',
});

test('judges as the list does, and lets nothing in twice', () => {
  const commands = fc.commands(
    [
      fc.nat(30).map(arrives),
      fc.nat(30).map(arrives),
      fc.integer({ min: -8000, max: 8000 }).map(clock),
      fc.constant(prune()),
      fc.integer({ min: -2000, max: 6000 }).map(raise),
      fc.constant(look()),
    ],
    { maxCommands: 80, size: 'max' },
  );
  fc.assert(
    fc.property(commands, fc.integer({ min: -5000, max: 3000 }), (list, floor) => {
      const setup = () => ({
        model: { now: START, floor: START + floor, held: [], passed: new Set<number>() } satisfies Model,
        real: new ReplayCache(CAPACITY, unixMs(START + floor)),
      });
      fc.modelRun(setup, list);
    }),
    { numRuns: 300 },
  );
});
