import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Renewal, renewalDelay, startKeepingOpen } from '../../../../client/session/keep-open.ts';
import { seconds } from '../../../../src/base/units.ts';

describe('when to ask again', () => {
  test.each([
    ['30 s: a third is left', 30_000, 0, 20_000],
    ['an hour: half a minute is left', 3_600_000, 0, 3_570_000],
    ['3 s', 3000, 0, 2000],
    ['it is over already', -5, 0, 500],
    ['what is left shrinks with every answer', 30, 0, 500],
    ['nobody knows', undefined, 0, 20_000],
    ['nobody knows, and 90 s were asked for', undefined, 90, 60_000],
  ])('%s', (_, leftMs, openFor, delay) => {
    expect(Math.round(renewalDelay(leftMs, seconds(openFor)))).toBe(delay);
  });
});

describe('keeping open', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Keeps open with these answers; says at which second after the start each was asked for, and what was told. */
  const keep = (answers: readonly Renewal[], leftMs = 30_000, sleepAt = Infinity) => {
    const started = Date.now();
    const [asked, told, ends]: [number[], (string | undefined)[], AbortSignal[]] = [[], [], []];
    // A machine that sleeps: its clock goes on an hour, its timers stand still.
    const now = (): number => Date.now() + (Date.now() - started >= sleepAt ? 3_600_000 : 0);
    const keeper = startKeepingOpen(leftMs, {
      renew: (ended) => {
        ends.push(ended);
        asked.push(Math.round((Date.now() - started) / 1000));
        return Promise.resolve(answers[asked.length - 1] ?? { leftMs: 1e9 });
      },
      openFor: seconds(0),
      tell: (problem) => told.push(problem),
      now,
    });
    return { asked, told, ends, keeper };
  };
  const lost: Renewal = { problem: 'lost', isRefused: false };

  test('asks again and again, by what each answer says', async () => {
    const { asked, told, keeper } = keep([{ leftMs: 30_000 }, { leftMs: 60_000 }]);
    await vi.advanceTimersByTimeAsync(81_000);
    keeper.stop();
    expect({ asked, told }).toEqual({ asked: [20, 40, 80], told: [] });
  });

  test('tries soon after silence, later after a refusal, and tells each turn once', async () => {
    const { asked, told, keeper } = keep([lost, lost, { problem: 'no', isRefused: true }, { leftMs: 30_000 }, lost]);
    await vi.advanceTimersByTimeAsync(111_000);
    keeper.stop();
    expect({ asked, told }).toEqual({ asked: [20, 25, 30, 90, 110], told: ['lost', undefined, 'lost'] });
  });

  test('time asleep counts', async () => {
    const { asked, keeper } = keep([], 1_800_000, 60_000);
    await vi.advanceTimersByTimeAsync(66_000);
    keeper.stop();
    expect(asked).toHaveLength(1);
  });

  test('once stopped it asks and tells nothing, and what is under way is ended', async () => {
    const { asked, told, ends, keeper } = keep([lost]);
    vi.advanceTimersByTime(20_000);
    expect(ends.map(({ aborted }) => aborted)).toEqual([false]);
    keeper.stop();
    expect(ends.map(({ aborted }) => aborted)).toEqual([true]);
    await vi.advanceTimersByTimeAsync(100_000);
    expect({ asked, told }).toEqual({ asked: [20], told: [] });
    expect(vi.getTimerCount()).toBe(0);
  });
});
