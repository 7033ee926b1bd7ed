/** Grants one by one: for whom they open, what, and until when. Each case has an address of its own; all run side by side. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { BackendTraits } from '../../../src/firewall/backends.ts';
import { waitUntil } from '../../support/wait.ts';
import type { OnStage } from './contract.ts';
import { type Caller, expectEnd, type Family, isShut, type Protocol, type Where } from './stage.ts';
import { UNGUARDED } from './subject.ts';
import type { Shown } from './table.ts';

const EACH = [
  [4, 'tcp'],
  [4, 'udp'],
  [6, 'tcp'],
  [6, 'udp'],
] as const satisfies readonly (readonly [Family, Protocol])[];

const addressOf = (caller: Caller, family: Family): string => (family === 4 ? caller.address4 : caller.address6);

export const grantCases = (on: OnStage, traits: BackendTraits, shown: Shown): void => {
  describe.concurrent('a grant', () => {
    opening(on, traits, shown);
    ending(on, shown);
    overlapping(on, shown);
  });
};

function opening(on: OnStage, traits: BackendTraits, shown: Shown): void {
  test.each(EACH)(
    'is what it takes, and opens for the one who asked and nobody else: IPv%d, %s',
    async (family, protocol) => {
      const [caller, other] = [on().caller(), on().caller()];
      const places: readonly Where[] = [22, 8000, 8010].map((port) => ({ family, protocol, port }));
      for (const where of places) {
        expect(await on().answer(caller, where)).toEqual(
          traits.guards ? 'silent' : expect.stringMatching(/^(silent|refused)$/),
        );
      }
      await on().ask(caller, { ports: `${protocol}/22`, allow: addressOf(caller, family), openFor: 60 });
      const where = { family, protocol } as const;
      expect(await on().answer(caller, where)).toBe(`server:22 sees ${addressOf(caller, family)}`);
      const elsewhere: Where = { ...where, protocol: protocol === 'tcp' ? 'udp' : 'tcp' };
      const answers = await Promise.all([
        on().answer(other, where),
        on().answerToStranger(where),
        on().answer(caller, { ...where, port: 8000 }),
        on().answer(caller, elsewhere),
        on().answer(caller, { ...where, family: family === 4 ? 6 : 4 }),
      ]);
      expect(answers.filter((answer) => !isShut(answer))).toEqual([]);
      shown.add('protocols', 'yes');
    },
  );

  test('is not needed for what is not guarded', async () => {
    const caller = on().caller();
    for (const [family, protocol] of EACH) {
      expect(await on().isOpen(caller, { family, protocol, port: UNGUARDED })).toBe(true);
    }
    shown.add('guard', traits.guards ? 'yes' : 'no, your own rules do');
  });

  test('covers a range, both ends included, and not a port more', async () => {
    const caller = on().caller();
    await on().ask(caller, { ports: 'tcp/8000-8010 udp/8000-8010', openFor: 60 });
    await on().ask(caller, { ports: 'tcp/8000-8010', allow: caller.address6, openFor: 60 });
    for (const [family, protocol] of EACH.slice(0, 3)) {
      for (const port of [8000, 8004, 8010]) expect(await on().isOpen(caller, { family, protocol, port })).toBe(true);
      expect(await on().isOpen(caller, { family, protocol, port: 8011 })).toBe(false);
    }
    shown.add('ranges', 'yes');
  });

  test('comes for both families at once, and goes for both', async () => {
    const caller = on().caller();
    const allow = `${caller.address4} ${caller.address6}`;
    const told = await on().ask(caller, { allow, openFor: 3 });
    await Promise.all([on().endsOnTime(caller, {}, told), on().endsOnTime(caller, { family: 6 }, told)]);
  });
}

function ending(on: OnStage, shown: Shown): void {
  test.each(EACH)('ends on time: IPv%d, %s', async (family, protocol) => {
    const caller = on().caller();
    const wish = { ports: `${protocol}/8000-8010`, allow: addressOf(caller, family), openFor: 3 };
    const mark = on().spad.audit.mark();
    const told = await on().ask(caller, wish);
    await on().endsOnTime(caller, { family, protocol, port: 8004 }, told);
    await on().spad.audit.waitFor({ event: 'expired', allow: wish.allow }, mark);
  });

  test('goes on where its client asks again, and ends once, at the later end', async () => {
    const caller = on().caller();
    const first = await on().ask(caller, { openFor: 2 });
    await sleep(500);
    const second = await on().ask(caller, { openFor: 4 }, { event: 'extended' });
    expect(second.until - first.until).toBeGreaterThan(2000);
    const third = await on().ask(caller, { openFor: 1 }, { event: 'extended' });
    expect(third.until - second.until, 'asking again for less').toBeLessThan(20);
    await on().endsOnTime(caller, {}, second);
    expect(on().spad.audit.all({ event: 'expired', allow: caller.address4 })).toHaveLength(1);
  });

  test('ends at once when it is closed, and can be had again', async () => {
    const caller = on().caller();
    for (let times = 0; times < 2; times++) {
      await on().ask(caller, { openFor: 60 });
      expect(await on().isOpen(caller)).toBe(true);
      await on().ask(caller, { type: 'close' }, { event: 'closed' });
      expect(await on().isOpen(caller)).toBe(false);
    }
  });

  test('ends, and what is established goes on', async () => {
    const caller = on().caller();
    const told = await on().ask(caller, { openFor: 3 });
    const goesOn = await on().hold(caller);
    await on().endsOnTime(caller, {}, told);
    expect(await goesOn()).toBe(true);
    shown.add('established', 'yes');
  });
}

function overlapping(on: OnStage, shown: Shown): void {
  test('of two clients behind one address end each at its time: the same port', async () => {
    const caller = on().caller();
    const alice = await on().ask(caller, { openFor: 2 });
    const bob = await on().ask(caller, { openFor: 5 }, {}, 'bob');
    expect(bob.until).toBeGreaterThan(alice.until);
    await on().endsOnTime(caller, {}, bob);
    shown.add('overlaps', 'yes');
  });

  test('of two clients end each at its time: a range and a port in it', async () => {
    const caller = on().caller();
    const range = await on().ask(caller, { ports: 'tcp/8000-8010', openFor: 3 });
    const port = await on().ask(caller, { ports: 'tcp/8004', openFor: 6 }, {}, 'bob');
    await Promise.all([
      on().endsOnTime(caller, { port: 8001 }, range),
      on().endsOnTime(caller, { port: 8010 }, range),
      on().endsOnTime(caller, { port: 8004 }, port),
    ]);
  });

  test('of two clients end each at its time: a port and the range around it', async () => {
    const caller = on().caller();
    const port = await on().ask(caller, { ports: 'tcp/8004', openFor: 3 });
    const range = await on().ask(caller, { ports: 'tcp/8000-8010', openFor: 6 }, {}, 'bob');
    expect(range.until).toBeGreaterThan(port.until);
    const samples = await Promise.all(
      [8001, 8004].map((each) => on().watch(caller, { port: each }, range.until + on().lateMs + 400)),
    );
    for (const each of samples) expectEnd(each, range.until, on().lateMs);
  });

  test('of two clients are closed each by its own', async () => {
    const caller = on().caller();
    await on().ask(caller, { ports: 'tcp/22 tcp/8000-8010', openFor: 60 });
    await on().ask(caller, { ports: 'tcp/22 tcp/8004', openFor: 60 }, {}, 'bob');
    await on().ask(caller, { type: 'close', ports: '' }, { event: 'closed' });
    const open = async (): Promise<readonly boolean[]> =>
      Promise.all([22, 8001, 8004].map((port) => on().isOpen(caller, { port })));
    expect(await open()).toEqual([true, false, true]);
    const mark = on().spad.audit.mark();
    await on().send({ type: 'close', allow: caller.address4 }, 'alice');
    await on().spad.audit.waitFor({ event: 'rejected', reason: 'nothing-to-close', allow: caller.address4 }, mark);
    await on().ask(caller, { type: 'close', ports: '' }, { event: 'closed' }, 'bob');
    await waitUntil('bob to be shut out', async () => (await open()).every((one) => !one), 3000);
  });
}
