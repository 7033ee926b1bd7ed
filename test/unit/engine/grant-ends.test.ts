/** Grants that go on while they are used, those that cut, and sleep. */
import { describe, expect, test } from 'vitest';
import { unixMs } from '../../../src/base/units.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { grantOf, ports } from '../values.ts';
import { candidateAt, engineOf, moment, policyOf, show, stanzaOf } from './desk.ts';

const asks = (engine: Engine, at: number): string[] =>
  show(engine.handle({ kind: 'tick' }, moment(at))).filter((line) => line.startsWith('ask'));
const answer = (engine: Engine, used: readonly string[], at: number): string[] =>
  show(engine.handle({ kind: 'connections', used }, moment(at)));

describe('while_connected', () => {
  const lasting = (fields = {}): Engine =>
    engineOf(policyOf([stanzaOf('alice', { whileConnected: true, ...fields }), stanzaOf('bob')]));

  test('is asked about shortly before the end, of all at once, and again until the answer is yes', () => {
    const engine = lasting();
    engine.handle(candidateAt(moment(0)), moment(0));
    engine.handle(candidateAt(moment(0), { source: '192.0.2.2' }), moment(0));
    engine.handle(candidateAt(moment(0), { client: 1, source: '192.0.2.3' }), moment(0));
    expect(asks(engine, 26_000)).toEqual([]);
    expect(asks(engine, 27_500)).toEqual(['ask whether g1 g2 are used']);
    expect(asks(engine, 28_000)).toEqual([]);
    expect(answer(engine, ['g2', 'unknown'], 28_100)).toEqual([
      'record +g2',
      'open 192.0.2.2 tcp/22 until 45000',
      'audit extended alice connected',
    ]);
    expect(asks(engine, 29_100)).toEqual(['ask whether g1 are used']);
    expect(answer(engine, [], 29_200)).toEqual([]);
    const end = show(engine.handle({ kind: 'tick' }, moment(30_000)));
    expect(end).toContain('audit expired alice');
    expect(engine.grants().map(({ id }) => id)).toEqual(['g2']);
  });

  test('has a line when it begins, and none for every slice', () => {
    const engine = lasting();
    engine.handle(candidateAt(moment(0)), moment(0));
    asks(engine, 28_000);
    expect(answer(engine, ['g1'], 28_000)).toContain('audit extended alice connected');
    asks(engine, 43_000);
    expect(answer(engine, ['g1'], 43_000)).toEqual(['record +g1', 'open 192.0.2.1 tcp/22 until 60000']);
    engine.handle(candidateAt(moment(50_000)), moment(50_000));
    asks(engine, 78_000);
    expect(answer(engine, ['g1'], 78_000)).toContain('audit extended alice connected');
  });

  test('ends with its stanza at the latest, and where the stanza says so no more', () => {
    const engine = lasting({ expires: unixMs(moment(35_000).wall) });
    engine.handle(candidateAt(moment(0)), moment(0));
    asks(engine, 28_000);
    expect(answer(engine, ['g1'], 28_000)[1]).toBe('open 192.0.2.1 tcp/22 until 35000');
    asks(engine, 33_000);
    expect(answer(engine, ['g1'], 33_000)).toEqual([]);
    const other = lasting();
    other.handle(candidateAt(moment(0)), moment(0));
    asks(other, 28_000);
    other.handle({ kind: 'reload', policy: policyOf([stanzaOf('alice'), stanzaOf('bob')]) }, moment(28_000));
    expect(answer(other, ['g1'], 28_100)).toEqual([]);
  });

  test('an answer that is too late, or was lost, does no harm', () => {
    const engine = lasting();
    engine.handle(candidateAt(moment(0)), moment(0));
    asks(engine, 28_000);
    engine.handle({ kind: 'tick' }, moment(30_000));
    expect(answer(engine, ['g1'], 30_500)).toEqual([]);
    engine.handle(candidateAt(moment(31_000)), moment(31_000));
    expect(asks(engine, 58_500)).toEqual(['ask whether g2 are used']);
  });
});

describe('drop_on_expiry', () => {
  const DAYS = 5 * 86_400_000;
  const cutting = (canCut = true): Engine =>
    engineOf(policyOf([stanzaOf('alice', { dropOnExpiry: true }), stanzaOf('bob')]), 100, { canCut });
  const synchronized = (engine: Engine, at: number): string =>
    show(engine.handle({ kind: 'woke' }, moment(at))).find((line) => line.startsWith('synchronize')) ?? '';
  const close = (client: number, at: number): Parameters<Engine['handle']>[0] =>
    candidateAt(moment(at), { client, request: { type: 'close' } });

  test('the firewall is told from the start for how long, and nothing at the end', () => {
    const engine = cutting();
    expect(show(engine.handle(candidateAt(moment(0)), moment(0)))).toContain(
      `open 192.0.2.1 tcp/22 until 30000, open cut 192.0.2.1 tcp/22 until ${String(30_000 + DAYS)}`,
    );
    expect(show(engine.handle({ kind: 'tick' }, moment(30_000))).slice(0, 2)).toEqual([
      'record /g1',
      'audit expired alice',
    ]);
    expect(synchronized(engine, 40_000)).toContain(`cut 192.0.2.1 tcp/22 until ${String(30_000 + DAYS)}`);
    expect(show(engine.handle({ kind: 'tick' }, moment(30_000 + DAYS)))[0]).toBe('record -g1');
    expect(synchronized(engine, 30_001 + DAYS)).not.toContain('cut 192');
  });

  test('a firewall that cannot is never told', () => {
    const engine = cutting(false);
    expect(show(engine.handle(candidateAt(moment(0)), moment(0)))).toContain('open 192.0.2.1 tcp/22 until 30000');
    engine.handle({ kind: 'tick' }, moment(30_000));
    expect(synchronized(engine, 40_000)).not.toContain('cut 192');
  });

  test('a grant that does not cut leaves a live cut alone, and lifts one that is over', () => {
    const engine = cutting();
    const request = { ports: ports('tcp/22') };
    engine.handle(candidateAt(moment(0), { request }), moment(0));
    engine.handle(candidateAt(moment(10_000), { client: 1, request }), moment(10_000));
    engine.handle({ kind: 'tick' }, moment(30_000));
    engine.handle({ kind: 'tick' }, moment(40_000));
    expect(synchronized(engine, 40_000)).toContain('cut 192.0.2.1 tcp/22');
    const step = show(engine.handle(candidateAt(moment(41_000), { client: 1, request }), moment(41_000)));
    expect(step).toContain(
      `close cut 192.0.2.1 tcp/22 until ${String(30_000 + DAYS)}, open 192.0.2.1 tcp/22 until 71000`,
    );
    expect(step).toContain('record +g3 -g1');
  });

  test('a step that fails leaves the cut as it was', () => {
    const engine = cutting();
    const request = { ports: ports('tcp/22') };
    engine.handle(candidateAt(moment(0), { request }), moment(0));
    engine.handle(close(0, 1000), moment(1000));
    const decision = engine.handle(candidateAt(moment(2000), { client: 1, request }), moment(2000))[0] ?? [];
    const effect = decision.find(({ kind }) => kind === 'change-firewall');
    if (effect === undefined) throw new Error('nothing was to be changed');
    engine.handle({ kind: 'effect-failed', failure: { effect, message: 'no', decision } }, moment(2000));
    expect(synchronized(engine, 3000)).toContain('cut 192.0.2.1 tcp/22');
  });

  test('what an earlier run has cut stays cut, and what has ended while nobody looked is', () => {
    const engine = cutting();
    const cut = grantOf('192.0.2.1', 'tcp/22', 1000, { id: 'a1', cuts: true });
    const over = grantOf('192.0.2.2', 'tcp/22', 2000, { id: 'a2', cuts: true });
    const lines = show(engine.handle({ kind: 'start', grants: [over], cuts: [cut] }, moment(5000)));
    expect(lines[0]).toContain(`cut 192.0.2.1 tcp/22 until ${String(1000 + DAYS)}`);
    expect(lines[0]).toContain(`cut 192.0.2.2 tcp/22 until ${String(2000 + DAYS)}`);
    expect(lines).toContain('record /a2');
    expect(engine.logEvents().map(({ kind }) => kind)).toEqual(['open', 'open', 'cut', 'cut']);
  });
});

test('after a sleep what has ended is told, and the firewall gets what is left', () => {
  const engine = engineOf();
  engine.handle(candidateAt(moment(0)), moment(0));
  engine.handle(candidateAt(moment(20_000), { client: 1, source: '192.0.2.2' }), moment(20_000));
  const lines = show(engine.handle({ kind: 'woke' }, moment(35_000)));
  expect(lines).toContain('audit expired alice');
  expect(lines.at(-2)).toMatch(/^synchronize .*: 192\.0\.2\.2 tcp\/22 until 50000$/);
  expect(lines.at(-1)).toBe('audit woke');
});
