/** The keeper of firewalls that are programs, with a program that only remembers what it was asked. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Moment, steadyMs, unixMs } from '../../../src/base/units.ts';
import { NOTHING_WANTED, type Wanted } from '../../../src/firewall/desired.ts';
import { FirewallError } from '../../../server/firewall/backend.ts';
import { KeptFirewall } from '../../../server/firewall/kept.ts';
import type { FirewallProgram } from '../../../server/firewall/program.ts';
import { ports } from '../values.ts';

const now = (): Moment => ({ wall: unixMs(0), steady: steadyMs(performance.now()) });

class RememberedProgram implements FirewallProgram {
  readonly description = 'remembered';
  readonly installed: Wanted[] = [];
  failures = 0;

  install(wanted: Wanted): Promise<void> {
    if (this.failures > 0) {
      this.failures -= 1;
      return Promise.reject(new FirewallError('not now'));
    }
    this.installed.push(wanted);
    return Promise.resolve();
  }

  change(): Promise<void> {
    return Promise.resolve();
  }

  shows(): Promise<boolean> {
    return Promise.resolve(true);
  }

  remove(): Promise<void> {
    return Promise.resolve();
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const keep = (sweeps: boolean): { program: RememberedProgram; firewall: KeptFirewall; troubles: string[] } => {
  const program = new RememberedProgram();
  const troubles: string[] = [];
  const onTrouble = (message: string): void => void troubles.push(message);
  return { program, troubles, firewall: new KeptFirewall(program, { now, sweeps, generation: () => 1, onTrouble }) };
};

const guarded = (ends: number | undefined): Wanted => ({
  ...NOTHING_WANTED,
  ...{ guard: ports('tcp/22'), guardEnds: ends === undefined ? undefined : steadyMs(performance.now() + ends) },
});

test('a guard that ends by itself is taken out on time, once', async () => {
  const { program, firewall } = keep(true);
  await firewall.synchronize(guarded(60_000));
  await vi.advanceTimersByTimeAsync(59_000);
  expect(program.installed.map(({ guard }) => guard.length)).toEqual([1]);
  await vi.advanceTimersByTimeAsync(2000);
  expect(program.installed.map(({ guard }) => guard.length)).toEqual([1, 0]);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(program.installed).toHaveLength(2);
});

test('one that has been confirmed meanwhile stays', async () => {
  const { program, firewall } = keep(true);
  await firewall.synchronize(guarded(60_000));
  await vi.advanceTimersByTimeAsync(30_000);
  await firewall.synchronize(guarded(undefined));
  await vi.advanceTimersByTimeAsync(600_000);
  expect(program.installed.map(({ guard }) => guard.length)).toEqual([1, 1]);
});

test('where taking it out fails, that is told and tried again', async () => {
  const { program, firewall, troubles } = keep(true);
  await firewall.synchronize(guarded(60_000));
  program.failures = 2;
  await vi.advanceTimersByTimeAsync(65_000);
  expect(program.installed.map(({ guard }) => guard.length)).toEqual([1, 0]);
  expect(troubles).toEqual(['not now', 'not now']);
});

test('where the firewall ends it, nothing is taken out, and nothing put back', async () => {
  const { program, firewall } = keep(false);
  await firewall.synchronize(guarded(60_000));
  await vi.advanceTimersByTimeAsync(120_000);
  expect(program.installed).toHaveLength(1);
  await firewall.synchronize(guarded(-1));
  expect(program.installed.at(-1)?.guard).toEqual([]);
});
