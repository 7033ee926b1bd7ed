/** Suspend cannot be had here: the time asleep is told. */
import { expect, test } from 'vitest';
import { SleepWatch } from '../../../server/sleep-watch.ts';

const watchOf = (readings: number[]): SleepWatch => new SleepWatch(() => readings.shift() ?? Number.NaN);

test('a sleep is told once', () => {
  const watch = watchOf([100, 100, 60_100, 60_100, 60_100]);
  expect([1, 2, 3, 4].map(() => watch.hasSlept())).toEqual([false, true, false, false]);
});

test('two clocks that were not read at once are no sleep', () => {
  const watch = watchOf([100, 250, 100, 180]);
  expect([1, 2, 3].map(() => watch.hasSlept())).toEqual([false, false, false]);
});

test('short sleeps add up', () => {
  const watch = watchOf([0, 90, 180, 270, 360]);
  expect([1, 2, 3, 4].map(() => watch.hasSlept())).toEqual([false, false, true, false]);
});

test('a reading that came out too long hides nothing', () => {
  const watch = watchOf([0, 5000, 0, 300]);
  expect([1, 2, 3].map(() => watch.hasSlept())).toEqual([true, false, true]);
});

test('this machine is awake', () => {
  expect(new SleepWatch().hasSlept()).toBe(false);
});
