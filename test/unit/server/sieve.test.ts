/** When the sieve speaks to the kernel, and what it makes of it. The kernel itself is asked in test/e2e. */
import { beforeEach, describe, expect, test } from 'vitest';
import { OwnSteps } from '../../../server/firewall/generation.ts';
import type { NftRunner } from '../../../server/firewall/nft-runner.ts';
import { Sieve } from '../../../server/sieve/sieve.ts';
import { type Moment, steadyMs, unixMs } from '../../../src/base/units.ts';
import { portOf } from '../values.ts';
import { gateKeysOf } from '../../support/gate-keys.ts';

const MINUTE = 60_000;
const CLIENTS = Array.from({ length: 1000 }, (_, index) => ({
  hint: new Uint8Array(32).fill(1).map((byte, at) => (at < 2 ? (index >> (8 * at)) & 0xff : byte)),
  mac: new Uint8Array(32),
}));

class FakeKernel {
  wall = 1_700_000_000_000;
  steady = 0;
  generation = 1;
  /** Undefined: nobody has made a table, or somebody has taken it away. */
  listing: string | undefined;
  refuses = false;
  /** Knows nothing of owners. */
  isOld = false;
  readonly scripts: string[] = [];
  counters: Readonly<Record<string, number>> = {};

  readonly runner: NftRunner = {
    description: 'fake',
    lasts: true,
    run: (script) => {
      if (this.refuses || (this.isOld && script.includes('owner'))) return Promise.reject(new Error('refused'));
      this.scripts.push(script);
      this.generation += 1;
      if (script.startsWith('delete table')) this.listing = undefined;
      if (script.includes('add table')) this.listing = 'open';
      if (script.startsWith('flush chain')) this.listing = 'armed';
      return Promise.resolve('');
    },
    list: () => Promise.resolve(this.listing),
    json: () => Promise.resolve(undefined),
    wouldRun: () => Promise.resolve(true),
    generation: () => this.generation,
  };

  readonly now = (): Moment => ({ wall: unixMs(this.wall), steady: steadyMs(this.steady) });

  pass(ms: number): void {
    this.wall += ms;
    this.steady += ms;
  }

  /** How many elements have been added since the last call, each transaction's number. */
  takeElements(): number[] {
    const scripts = this.scripts.splice(0).filter((script) => script.startsWith('add element'));
    return scripts.map((script) => script.split(',').length);
  }
}

let kernel: FakeKernel;
let steps: OwnSteps;

const newSieve = (count: number): Sieve =>
  new Sieve({
    plan: { lane: 'a', port: portOf(62_201), interface: undefined, group: 6220, sizes: [176] },
    clients: gateKeysOf(CLIENTS.slice(0, count)),
    reach: 2 * MINUTE,
    nft: kernel.runner,
    readCounter: (_, name) => kernel.counters[name],
    steps,
    now: kernel.now,
  });

/** As it is once the kernel drops junk. */
const armed = async (count: number): Promise<Sieve> => {
  const sieve = newSieve(count);
  await sieve.open();
  await sieve.tend();
  return sieve;
};

beforeEach(() => {
  kernel = new FakeKernel();
  steps = new OwnSteps();
});

const sum = (counts: readonly number[]): number => counts.reduce((total, one) => total + one, 0);

describe('a sieve', () => {
  test('hands everything over until all hints are there', async () => {
    const sieve = newSieve(1000);
    await sieve.open();
    expect(kernel.listing).toBe('open');
    await sieve.tend();
    const order = kernel.scripts.map((script) => script.split(' ').slice(0, 2).join(' '));
    expect(order[0]).toBe('add table');
    const arming = order.indexOf('flush chain');
    expect(new Set(order.slice(1, arming))).toEqual(new Set(['add element']));
    expect(order.slice(arming + 1), 'of the window after').toEqual(['add element']);
    const counts = kernel.takeElements();
    // Five windows or, where the reach touches another one, six; and a part of the next.
    expect([5000 + 17, 6000 + 17]).toContain(sum(counts));
    expect(Math.max(...counts)).toBeLessThanOrEqual(400);
  });

  test('fills the next window in small parts before anybody is in it', async () => {
    const sieve = await armed(1000);
    kernel.takeElements();
    for (let calls = 0; calls < 60; calls += 1) await sieve.tend();
    const counts = kernel.takeElements();
    expect(sum(counts), 'but for what came as it was armed').toBe(1000 - 17);
    expect(Math.max(...counts)).toBeLessThanOrEqual(17);
    kernel.pass(MINUTE);
    await sieve.tend();
    expect(sum(kernel.takeElements()), 'the first part of the one after').toBeLessThanOrEqual(17);
  });

  test('says nothing to the kernel while there is nothing to say', async () => {
    const sieve = await armed(1);
    await sieve.tend();
    kernel.scripts.splice(0);
    for (let calls = 0; calls < 20; calls += 1) expect(await sieve.tend()).toBe(false);
    expect(kernel.scripts).toEqual([]);
  });

  test('puts right what somebody has taken away, and says so', async () => {
    const sieve = await armed(3);
    kernel.listing = undefined;
    kernel.generation += 1;
    expect(await sieve.tend()).toBe(true);
    expect(kernel.listing).toBe('armed');
    expect(await sieve.tend()).toBe(false);
  });

  test('takes what others do elsewhere for nothing', async () => {
    const sieve = await armed(3);
    kernel.generation += 5;
    expect(await sieve.tend()).toBe(false);
    expect(kernel.scripts.filter((script) => script.includes('add table'))).toHaveLength(1);
  });

  test('begins anew where the wall clock has stepped back, for its elements would end too soon', async () => {
    const sieve = await armed(3);
    kernel.wall -= 20_000;
    await sieve.tend();
    expect(kernel.scripts.filter((script) => script.includes('add table'))).toHaveLength(1);
    kernel.wall -= 20_000;
    expect(await sieve.tend()).toBe(false);
    expect(kernel.scripts.filter((script) => script.includes('add table'))).toHaveLength(2);
  });

  test('begins anew after a refusal, for hints may be missing', async () => {
    const sieve = await armed(3);
    kernel.pass(MINUTE);
    kernel.refuses = true;
    await expect(sieve.tend()).rejects.toThrow('refused');
    kernel.refuses = false;
    kernel.scripts.splice(0);
    await sieve.tend();
    expect(kernel.scripts[0]).toContain('delete table');
    expect(kernel.scripts[1]).toContain('add table');
  });

  test('is owned by the daemon where the kernel knows that', async () => {
    await armed(3);
    expect(kernel.scripts[0]).toContain('flags owner');
    kernel = new FakeKernel();
    kernel.isOld = true;
    await armed(3);
    expect(kernel.scripts[0]).toMatch(/^add table inet spad_hints_a$/m);
  });

  test('notes each of its transactions', async () => {
    const sieve = newSieve(3);
    const before = kernel.generation;
    await sieve.open();
    const seen = steps.without(() => kernel.generation);
    expect(seen()).toBe(before);
  });

  test('counts what was dropped and not handed over, each once', async () => {
    const sieve = newSieve(3);
    expect(sieve.count()).toBe(0);
    await sieve.open();
    kernel.counters = { dropped: 10, hinted: 3 };
    expect(sieve.count()).toBe(7);
    expect(sieve.count()).toBe(0);
    // One more has been handed over between the two looks.
    kernel.counters = { dropped: 10, hinted: 4 };
    expect(sieve.count()).toBe(0);
    kernel.counters = { dropped: 13, hinted: 4 };
    expect(sieve.count()).toBe(2);
    await sieve.open();
    kernel.counters = { dropped: 5, hinted: 0 };
    expect(sieve.count()).toBe(5);
  });

  test('that is closed is gone and does nothing more', async () => {
    const sieve = await armed(3);
    await sieve.close();
    kernel.scripts.splice(0);
    kernel.pass(MINUTE);
    expect(await sieve.tend()).toBe(false);
    expect(kernel.scripts).toEqual([]);
  });
});
