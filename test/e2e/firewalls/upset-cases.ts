/** What upsets a firewall: reloads, restarts, a crash, and others who change what is there. One after another. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { BackendTraits } from '../../../src/firewall/backends.ts';
import type { OnStage } from './contract.ts';
import { type Caller, expectEnd, OUTER } from './stage.ts';
import type { Shown } from './table.ts';

/** An upset is to be noticed and repaired within this time, in ms. */
const REPAIR_MS = 8000;
const ENDED_BY = { kernel: 'the kernel', firewall: 'the firewall', companion: 'spad', spad: 'spad' } as const;
/** As long as it takes to see that nobody repairs anything any more. */
const QUIET_MS = 1500;

export const upsetCases = (on: OnStage, traits: BackendTraits, shown: Shown): void => {
  describe('live grants and established connections', () => {
    outlasting(on, traits);
    crashing(on, traits, shown);
  });
  describe('when somebody', () => disturbing(on, shown));
};

/** A grant that is open, and established connections, of which one has outlived its grant. */
async function settled(on: OnStage): Promise<{ caller: Caller; check: () => Promise<void> }> {
  const caller = on().caller();
  await on().ask(caller, {
    ports: 'tcp/22 tcp/8000-8010',
    allow: `${caller.address4} ${caller.address6}`,
    openFor: 300,
  });
  const past = on().caller();
  await on().ask(past, { openFor: 300 });
  const connections = [await on().hold(caller, { family: 6 }), await on().hold(past)];
  await on().ask(past, { type: 'close' }, { event: 'closed' });
  const check = async (): Promise<void> => {
    const open = [22, 8000, 8004, 8010].flatMap((port) =>
      ([4, 6] as const).map((family) => on().isOpen(caller, { family, port })),
    );
    expect(await Promise.all(open), 'the grant').toEqual(open.map(() => true));
    const shut = [{}, { port: 8004 }, { family: 6 as const }].map((where) => on().answerToStranger(where));
    for (const answer of await Promise.all(shut)) expect(answer, 'the stranger').toMatch(/^(silent|refused)$/);
    const goOn = await Promise.all(connections.map((goesOn) => goesOn()));
    expect(goOn, 'the established connections').toEqual([true, true]);
  };
  await check();
  return { caller, check };
}

function outlasting(on: OnStage, traits: BackendTraits): void {
  test('outlast a reload', async () => {
    const { check } = await settled(on);
    await on().spad.reload();
    await check();
  });

  test('outlast a stop and a start; grants end on time after it', async () => {
    const { caller, check } = await settled(on);
    const brief = on().caller();
    const told = await on().ask(brief, { openFor: 6 });
    await on().spad.stop();
    if (traits.endedBy !== 'spad') await check();
    const mark = on().spad.audit.mark();
    await on().start();
    await check();
    await on().spad.audit.waitFor({ event: 'restored', allow: caller.address4 }, mark);
    await on().endsOnTime(brief, {}, told);
  });
}

function crashing(on: OnStage, traits: BackendTraits, shown: Shown): void {
  test('outlast a crash; grants end meanwhile, or at the next start where spad ends them', async () => {
    const { check } = await settled(on);
    const [one, range, both] = [on().caller(), on().caller(), on().caller()];
    const told = await on().ask(one, { openFor: 4 });
    await on().ask(range, { ports: 'tcp/8000-8010', allow: range.address6, openFor: 4 });
    const forward = traits.forwards ? { ports: `tcp/${OUTER}`, forward: `${on().inner.address4}:22` } : {};
    await on().ask(both, { ...forward, openFor: 4 });
    await on().spad.stop('SIGKILL');
    const places = [
      [one, {}],
      [range, { family: 6, port: 8004 }],
      [both, { port: traits.forwards ? OUTER : 22 }],
    ] as const;
    const end = told.until + on().lateMs + 1000;
    const looks = await Promise.all(places.map(([caller, where]) => on().watch(caller, where, end)));
    if (traits.endedBy === 'spad') {
      for (const samples of looks) expect(samples.at(-1)?.answer, 'open with nobody there to close').toMatch(/sees/);
    } else {
      // The others were granted a moment later than the first.
      for (const samples of looks) expectEnd(samples, told.until, on().lateMs + 600);
      await check();
    }
    await on().start();
    for (const [caller, where] of places) expect(await on().isOpen(caller, where)).toBe(false);
    await check();
    shown.add('ends', ENDED_BY[traits.endedBy]);
    shown.add('crash', traits.endedBy === 'spad' ? 'grants end at the next start' : 'grants end on time');
  });
}

function disturbing(on: OnStage, shown: Shown): void {
  /** Others did something: it is set right within some seconds, once, or at a reload where it cannot be noticed. */
  const isRepaired = async (check: () => Promise<void>, mark: number): Promise<string> => {
    if (on().subject.notices === false) {
      await sleep(QUIET_MS);
      expect(on().spad.audit.all({ event: 'repaired' }, mark)).toEqual([]);
      await on().spad.reload();
      await check();
      return 'at a reload';
    }
    await on().spad.audit.waitFor({ event: 'repaired' }, mark, REPAIR_MS);
    await check();
    await sleep(QUIET_MS);
    expect(on().spad.audit.all({ event: 'repaired' }, mark), 'repairs').toHaveLength(1);
    return 'yes';
  };

  test('takes away all that the firewall holds, it is put back, live grants included', async () => {
    const { check } = await settled(on);
    const brief = on().caller();
    const told = await on().ask(brief, { openFor: 14 });
    const mark = on().spad.audit.mark();
    await on().subject.flush(on().server, on().lab);
    shown.add('flush', await isRepaired(check, mark));
    await on().endsOnTime(brief, {}, told);
  });

  test('takes away all that the firewall holds, and a packet comes at once, it opens, and so does what was open', async () => {
    if (on().subject.notices === false) return;
    const { check } = await settled(on);
    const next = on().caller();
    await on().subject.flush(on().server, on().lab);
    await on().ask(next, { openFor: 60 });
    expect(await on().isOpen(next)).toBe(true);
    await check();
  });

  test('takes one grant out, it is put back', async () => {
    const { removeOne } = on().subject;
    if (removeOne === undefined) {
      shown.add('removal', '–');
      return;
    }
    const { caller, check } = await settled(on);
    const mark = on().spad.audit.mark();
    await removeOne(on().server, caller.address4, 22);
    shown.add('removal', await isRepaired(check, mark));
  });

  test("changes something else, it is nobody's repair", async () => {
    const { check } = await settled(on);
    const mark = on().spad.audit.mark();
    for (const verb of ['add', 'delete', 'add', 'delete']) {
      await on().server.run('nft', [`${verb} table ip elsewhere`]);
      await sleep(300);
    }
    await check();
    await sleep(QUIET_MS);
    expect(on().spad.audit.all({ event: 'repaired' }, mark)).toEqual([]);
  });
}
