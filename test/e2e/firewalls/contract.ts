/**
 * What every firewall must do, whatever it is made of: one contract, played through the whole daemon against the real
 * programs, looked at by packets and the audit log alone, never by a back-end's own listing. What a back-end cannot, by
 * its traits, is asserted the other way round. What was shown is the firewall's row in docs/firewalls.md.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BACKENDS } from '../../../src/firewall/backends.ts';
import { forwardingCases } from './forwarding-cases.ts';
import { grantCases } from './grant-cases.ts';
import { Stage } from './stage.ts';
import type { Subject } from './subject.ts';
import { Shown } from './table.ts';
import { trialCases } from './trial-cases.ts';
import { upsetCases } from './upset-cases.ts';

/** The stage, once the laboratory stands. */
export type OnStage = () => Stage;

export const firewallContract = (subject: Subject): void => {
  const shown = new Shown(subject.name);
  const traits = BACKENDS[subject.firewall];
  let stage: Stage | undefined;
  let before: string;
  const onStage: OnStage = () => {
    if (stage === undefined) throw new Error('the laboratory does not stand');
    return stage;
  };

  describe(`the contract of every firewall: ${subject.name}`, () => {
    beforeAll(async () => {
      stage = await Stage.build(subject);
      before = await subject.listing(stage.server);
      await stage.start();
    });
    afterAll(() => stage?.lab.close());

    describe.concurrent('side by side', () => {
      grantCases(onStage, traits, shown);
      forwardingCases(onStage, traits, shown);
    });
    upsetCases(onStage, traits, shown);

    test('after a stop the guard stays; "spad flush" leaves the firewall as it was, and does no harm twice', async () => {
      const { spad, server } = onStage();
      const caller = onStage().caller();
      await onStage().ask(caller, { openFor: 300 });
      const goesOn = await onStage().hold(caller);
      await onStage().ask(caller, { type: 'close' }, { event: 'closed' });
      await spad.stop();
      expect(await onStage().answerToStranger()).toEqual(
        traits.guards ? 'silent' : expect.stringMatching(/silent|refused/),
      );
      expect(await goesOn(), 'the established connection').toBe(true);
      for (let times = 0; times < 2; times++) {
        expect(await onStage().run('-c', spad.confFile, 'flush')).toMatchObject({ code: 0 });
        expect(await subject.listing(server)).toBe(before);
      }
      expect(await onStage().isOpen(onStage().caller())).toBe(traits.guards);
      expect(await goesOn(), 'the established connection').toBe(true);
    });

    trialCases(onStage, traits, () => before);

    test('the row in docs/firewalls.md says what was shown', () => shown.settle());
  });
};
