/** The guard on trial (docs/lock-out.md): it ends on time, daemon or not, and stays once it is confirmed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { BackendTraits } from '../../../src/firewall/backends.ts';
import type { OnStage } from './contract.ts';

const TRIAL_MS = 8000;
/** A trial that nobody has confirmed is over so long after its time at the latest: the daemon's turn, and slow programs. */
const LATE_MS = 4000;

/** Comes last: the daemon is stopped, and the firewall as it was `before` spad. */
export const trialCases = (on: OnStage, traits: BackendTraits, before: () => string): void => {
  if (!traits.guards) {
    test('without a guard of its own there is nothing to be tried', async () => {
      const { code, stderr } = await on().run('start', '-c', on().spad.confFile, '--confirm', '8s');
      expect({ code, stderr }).toMatchObject({ code: 1 });
      expect(stderr).toMatch(/guards nothing, so there is nothing to confirm/);
    });
    return;
  }
  const flush = async (): Promise<void> => {
    expect(await on().run('-c', on().spad.confFile, 'flush')).toMatchObject({ code: 0 });
    expect(await on().subject.listing(on().server)).toBe(before());
  };
  /** Starts on trial and shows that the guard stands; when the trial began, at the latest. */
  const start = async (): Promise<number> => {
    await on().start('start', '--confirm', '8s');
    expect(await on().answerToStranger(), 'the stranger').toMatch(/^(silent|refused)$/);
    return performance.now();
  };
  const strangerIsLetIn = async (): Promise<boolean> => !/^(silent|refused)$/.test(await on().answerToStranger());

  describe('a guard on trial', () => {
    test('that nobody confirms is taken back, spad with it', async () => {
      const began = await start();
      const caller = on().caller();
      await on().ask(caller, { openFor: 300 });
      expect(await on().isOpen(caller)).toBe(true);
      expect(await on().spad.process.exited).toMatchObject({ code: 3 });
      expect(performance.now() - began).toBeLessThan(TRIAL_MS + LATE_MS);
      expect(await strangerIsLetIn()).toBe(true);
      expect(await on().subject.listing(on().server)).toBe(before());
    });

    test('ends on time when spad has died', async () => {
      const began = await start();
      await on().spad.stop('SIGKILL');
      expect(await strangerIsLetIn()).toBe(false);
      await sleep(TRIAL_MS + LATE_MS - (performance.now() - began));
      expect(await strangerIsLetIn()).toBe(true);
      await flush();
    });

    test('stays past its time once it is confirmed', async () => {
      const began = await start();
      expect(await on().run('confirm', '--console', '-c', on().spad.confFile)).toMatchObject({ code: 0 });
      const caller = on().caller();
      await on().ask(caller, { openFor: 300 });
      await sleep(TRIAL_MS + 1000 - (performance.now() - began));
      expect(await on().isOpen(caller)).toBe(true);
      expect(await strangerIsLetIn()).toBe(false);
      expect(on().spad.process.running).toBe(true);
      await on().spad.stop();
      await flush();
    });
  });
};
