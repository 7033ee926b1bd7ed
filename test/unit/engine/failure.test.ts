/** What could not be done: the ledger never claims what the firewall does not have, and every decision leaves a line. */
import { describe, expect, test } from 'vitest';
import type { Decision, Effect } from '../../../src/engine/effect.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { candidateAt, engineOf, type Knock, moment, show } from './desk.ts';

const knock = (engine: Engine, at: number, what: Knock = {}): Decision => {
  const [decision] = engine.handle(candidateAt(moment(at), what), moment(at));
  if (decision === undefined) throw new Error('a decision');
  return decision;
};

const fail = (engine: Engine, decision: Decision, kind: Effect['kind']): string[] => {
  const effect = decision.find((one) => one.kind === kind);
  if (effect === undefined) throw new Error(`no ${kind} in the decision`);
  return show(engine.handle({ kind: 'effect-failed', failure: { effect, decision, message: 'no space' } }, moment(0)));
};

const ends = (engine: Engine): number[] => engine.grants().map((grant) => grant.ends);

describe('a grant is taken back', () => {
  test.each([
    ['remember', ['audit failed alice journal-failed']],
    // The log has it by then.
    ['change-firewall', ['record -g1', 'audit failed alice firewall-failed']],
  ] as const)('when %s fails', (kind, lines) => {
    const engine = engineOf();
    const decision = knock(engine, 0);
    expect(fail(engine, decision, kind)).toEqual(lines);
    expect(engine.grants()).toEqual([]);
  });

  test('an extension falls back to what was there', () => {
    const engine = engineOf();
    knock(engine, 0);
    const extension = knock(engine, 9000);
    expect(ends(engine)).toEqual([39_000]);
    expect(fail(engine, extension, 'change-firewall')).toEqual(['record +g1', 'audit failed alice firewall-failed']);
    expect(ends(engine)).toEqual([30_000]);
  });

  test('a close falls back to open', () => {
    const engine = engineOf();
    knock(engine, 0);
    const close = knock(engine, 1000, { request: { type: 'close' } });
    expect(engine.grants()).toEqual([]);
    expect(fail(engine, close, 'change-firewall')).toEqual(['record +g1', 'audit failed alice firewall-failed']);
    expect(ends(engine)).toEqual([30_000]);
  });

  test('a burst that fails as a whole, last first', () => {
    const engine = engineOf();
    knock(engine, 0);
    const burst = [
      knock(engine, 5000),
      knock(engine, 6000),
      knock(engine, 7000, { request: { type: 'close' } }),
      knock(engine, 8000),
    ];
    for (const decision of burst.reverse()) fail(engine, decision, 'change-firewall');
    expect(ends(engine)).toEqual([30_000]);
  });

  test('the packet stays remembered: a failed opening is no second chance for whoever replays it', () => {
    const engine = engineOf();
    const input = candidateAt(moment(0));
    const [decision = []] = engine.handle(input, moment(0));
    fail(engine, decision, 'change-firewall');
    expect(show(engine.handle(input, moment(1)))).toEqual(['audit rejected alice replayed']);
  });
});

describe('the rest', () => {
  test('a grant log that cannot be written closes nothing and says nothing: the decision goes on by itself', () => {
    const engine = engineOf();
    const decision = knock(engine, 0);
    expect(fail(engine, decision, 'record-grants')).toEqual([]);
    expect(ends(engine)).toEqual([30_000]);
  });

  test('an audit log that cannot be written does not ask for another line in it', () => {
    const engine = engineOf();
    const decision = knock(engine, 0);
    expect(fail(engine, decision, 'audit')).toEqual([]);
    expect(ends(engine)).toEqual([30_000]);
  });

  test('a firewall that cannot be synchronized is told', () => {
    const engine = engineOf();
    const [decision = []] = engine.handle({ kind: 'start', grants: [] }, moment(0));
    expect(fail(engine, decision, 'synchronize-firewall')).toEqual(['audit failed firewall-failed']);
  });

  test('a journal that cannot be written is told for a refusal too', () => {
    const engine = engineOf();
    const decision = knock(engine, 0, { request: { type: 'close' } });
    expect(fail(engine, decision, 'remember')).toEqual(['audit failed journal-failed']);
  });
});
