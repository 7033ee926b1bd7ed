import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Work } from '../../../server/work.ts';
import type { Decision } from '../../../src/engine/effect.ts';
import type { Input } from '../../../src/engine/input.ts';
import { packet } from './packets.ts';

const told: Decision = [{ kind: 'audit', line: { event: 'rejected' } }];
const granted: Decision = [
  { kind: 'change-firewall', change: { close: [], open: [] }, added: [], removed: [] },
  { kind: 'audit', line: { event: 'granted' } },
];
const expired: Decision = [
  { kind: 'record-grants', events: [] },
  { kind: 'audit', line: { event: 'expired' } },
];

/** Inputs mean decisions by their kinds; each change of the firewall takes `slowMs`. */
const bench = (slowMs: number): { work: Work; done: string[] } => {
  const done: string[] = [];
  const decide = ({ kind }: Input): readonly Decision[] =>
    kind === 'tick' ? [expired] : kind === 'report' ? [told] : [granted];
  const perform = async (decisions: readonly Decision[]): Promise<void> => {
    if (decisions.includes(granted)) await sleep(slowMs);
    done.push(
      decisions
        .map((decision) => (decision === granted ? 'granted' : decision === told ? 'told' : 'expired'))
        .join(' '),
    );
  };
  return { work: new Work({ decide, perform }), done };
};

const grant: Input = { kind: 'firewall-repaired' };

test('a slow firewall holds up grants alone, and what is about grants keeps its order', async () => {
  const { work, done } = bench(1000);
  work.add(grant);
  await sleep(20);
  work.add({ kind: 'report' });
  work.add({ kind: 'tick' });
  work.add(grant);
  await sleep(300);
  work.add({ kind: 'report' });
  await sleep(20);
  expect(done).toEqual(['told', 'told']);
  await work.settle();
  expect(done).toEqual(['told', 'told', 'granted', 'expired granted']);
});

test('what comes in one go is one batch, in its order', async () => {
  const { work, done } = bench(0);
  for (const input of [grant, { kind: 'report' }, grant, { kind: 'tick' }] as const) work.add(input);
  await work.settle();
  expect(done).toEqual(['granted told granted expired']);
});

test('while the firewall is quick, nothing is told before what was decided earlier', async () => {
  const { work, done } = bench(20);
  work.add(grant);
  await sleep(5);
  work.add({ kind: 'report' });
  await work.settle();
  expect(done).toEqual(['granted', 'told']);
});

test('settles where nothing has to be done, and after what came meanwhile', async () => {
  const { work, done } = bench(30);
  await work.settle();
  work.add(grant);
  const settled = work.settle();
  await sleep(10);
  work.add(grant);
  await settled;
  expect(done).toEqual(['granted', 'granted']);
});

describe('a flood of packets', () => {
  /** Decides every input by an audit line and writes down what was decided, a list for each batch. */
  const flooded = (parts: Partial<ConstructorParameters<typeof Work>[0]> = {}): { work: Work; batches: string[][] } => {
    const batches: string[][] = [];
    let decided: string[] = [];
    const decide = (input: Input): readonly Decision[] => {
      const counted = input.kind === 'counted' ? ` ${JSON.stringify(input.counts)}` : '';
      decided.push(input.kind === 'candidate' ? String(input.candidate.client) : `${input.kind}${counted}`);
      return [told];
    };
    const perform = (): Promise<void> => {
      batches.push(decided);
      decided = [];
      return Promise.resolve();
    };
    return { work: new Work({ decide, perform, ...parts }), batches };
  };

  const range = (from: number, to: number): string[] =>
    Array.from({ length: to - from }, (_, index) => String(from + index));

  test('is done in batches of at most 1024, in its order, and the event loop comes round between them', async () => {
    const { work, batches } = flooded();
    let turns = 0;
    const turn = (): void => {
      turns += 1;
      if (batches.flat().length < 5000) setImmediate(turn);
    };
    setImmediate(turn);
    for (let number = 0; number < 5000; number += 1) work.add(packet(number));
    await work.settle();
    expect(batches.flat()).toEqual(range(0, 5000));
    expect(Math.max(...batches.map(({ length }) => length))).toBeLessThanOrEqual(1024);
    expect(turns).toBeGreaterThanOrEqual(batches.length - 1);
  });

  test('ends a batch sooner where deciding takes long', async () => {
    const sizes: number[] = [];
    const work = new Work({
      decide: () => {
        waste(3);
        return [told];
      },
      perform: (decisions) => Promise.resolve(void sizes.push(decisions.length)),
    });
    for (let number = 0; number < 20; number += 1) work.add(packet(number));
    await work.settle();
    expect(Math.max(...sizes)).toBeLessThanOrEqual(3);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(20);
  });

  test('does not keep a tick, a report or an answer waiting, and what came before them stays in its order', async () => {
    const { work, batches } = flooded();
    for (let number = 0; number < 3000; number += 1) work.add(packet(number));
    await Promise.resolve();
    await Promise.resolve();
    work.add({ kind: 'tick' });
    work.add({ kind: 'report' });
    await work.settle();
    expect(batches[1]?.slice(0, 2)).toEqual(['tick', 'report']);
    expect(batches.flat().filter((name) => /^[0-9]/.test(name))).toEqual(range(0, 3000));
  });

  test('beyond what can wait, the oldest go and are counted', async () => {
    const { work, batches } = flooded({ room: 200 });
    for (let number = 0; number < 1000; number += 1) work.add(packet(number));
    await work.settle();
    expect(batches.flat()).toEqual(['counted {"shed":800}', ...range(800, 1000)]);
  });

  test('that never ends does not put off what is to be done between two batches', async () => {
    const { work, batches } = flooded();
    let number = 0;
    let done = false;
    const pour = (): void => {
      for (let count = 0; count < 500; count += 1) work.add(packet((number += 1)));
      if (!done) setImmediate(pour);
    };
    pour();
    await sleep(20);
    const before = batches.length;
    await new Promise<void>((resolve) => work.between(resolve));
    done = true;
    expect(batches.length - before).toBeLessThanOrEqual(2);
    await work.settle();
  });

  test('is told, batch by batch, by how long it held everything else up', async () => {
    const held: number[] = [];
    const { work, batches } = flooded({ onHeld: (ms) => held.push(ms) });
    for (let number = 0; number < 300; number += 1) work.add(packet(number));
    await work.settle();
    await new Promise((resolve) => setImmediate(resolve));
    expect(held).toHaveLength(batches.length);
    expect(Math.min(...held)).toBeGreaterThanOrEqual(0);
  });

  test('waits for a slow firewall up to a bound, and beyond it nothing more is decided', async () => {
    let decided = 0;
    let open: (() => void) | undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const work = new Work({
      decide: () => ((decided += 1), [granted]),
      perform: () => gate,
    });
    for (let number = 0; number < 8000; number += 1) work.add(packet(number));
    await sleep(600);
    // The batch under way, 1024 decisions behind it, and the batch with which they became more.
    expect(decided).toBeGreaterThan(1024);
    expect(decided).toBeLessThanOrEqual(1024 + 2 * 1024);
    open?.();
    await work.settle();
    expect(decided).toBe(8000);
  });
});

/** Keeps the processor busy for some milliseconds. */
const waste = (ms: number): void => {
  const end = performance.now() + ms;
  while (performance.now() < end);
};
