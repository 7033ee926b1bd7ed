/** Command cycles: whatever was opened is closed once, and not before the last request for it ends. */
import { describe, expect, test } from 'vitest';
import type { CommandCycle } from '../../../src/access/fwknop-stanza.ts';
import type { PendingClose } from '../../../src/access/pending-close.ts';
import { type Moment, seconds, steadyMs, unixMs } from '../../../src/base/units.ts';
import type { Decision, Effect } from '../../../src/engine/effect.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import type { FwknopMessage } from '../../../src/spa/fwknop/message.ts';
import { ip, present, specs } from '../values.ts';
import { EPOCH, engineOf, moment, policyOf, show } from './desk.ts';
import { fwknopClient, fwknopInput, fwknopPolicy, fwknopStanza, messageOf, ROOT, textOf } from './fwknop.ts';

const policyWith = (cycle: Partial<CommandCycle> = {}, name = 'alice') => {
  const whole = { open: '/open $IP $PORT', close: '/close $IP $PORT', timer: seconds(10), runAs: ROOT, ...cycle };
  const client = fwknopClient(fwknopStanza(name, { cycle: whole }), { cipher: 'k1', hmac: 'h1' });
  return policyOf([], { fwknop: fwknopPolicy([client]) });
};

const engineWith = (cycle: Partial<CommandCycle> = {}): Engine => engineOf(policyWith(cycle));

const ask = (engine: Engine, at: number, fields: Partial<FwknopMessage> = {}): readonly Decision[] => {
  const now = moment(at);
  return engine.handle(fwknopInput(textOf(messageOf(now, fields), 'k1', 'h1'), now), now);
};

const tick = (engine: Engine, at: number): string[] =>
  show(engine.handle({ kind: 'tick' }, moment(at))).filter((line) => line !== 'audit counted');
const closesIn = (decisions: readonly Decision[]): readonly PendingClose[] =>
  decisions.flat().flatMap((effect) => (effect.kind === 'journal-closes' ? effect.closes : []));
const for20 = { type: 'timeout-access', timeout: seconds(20) } as const;

describe('a cycle', () => {
  test('is remembered, its close journalled, run and told; closed when its time has come, once', () => {
    const engine = engineWith();
    expect(show(ask(engine, 0))).toEqual([
      'remember',
      'journal /close 192.0.2.1 22 at 10000',
      'start /open 192.0.2.1 22',
      'audit commanded alice',
    ]);
    expect(tick(engine, 9999)).toEqual([]);
    expect(tick(engine, 10_000)).toEqual(['start /close 192.0.2.1 22', 'audit expired alice']);
    expect(tick(engine, 10_001)).toEqual([]);
  });

  test('every port of the request', () => {
    const engine = engineWith();
    expect(show(ask(engine, 0, { ports: specs('tcp/22 udp/53') }))).toEqual([
      'remember',
      'journal /close 192.0.2.1 22 at 10000, /close 192.0.2.1 53 at 10000',
      'start /open 192.0.2.1 22',
      'start /open 192.0.2.1 53',
      'audit commanded alice',
    ]);
  });

  test('without a close there is nothing to put off: each request runs', () => {
    const engine = engineWith({ close: undefined });
    for (const at of [0, 1000]) {
      expect(show(ask(engine, at))).toEqual(['remember', 'start /open 192.0.2.1 22', 'audit commanded alice']);
    }
    expect(tick(engine, 100_000)).toEqual([]);
  });

  test('the same again puts the close off and runs nothing; a shorter wish never brings it forward', () => {
    const engine = engineWith();
    const [close] = closesIn(ask(engine, 0, for20));
    const again = ask(engine, 5000);
    expect(show(again)).toEqual(['remember', 'journal /close 192.0.2.1 22 at 20000', 'audit extended alice']);
    expect(closesIn(again)[0]?.id).toBe(close?.id);
    expect(show(ask(engine, 15_000))[1]).toBe('journal /close 192.0.2.1 22 at 25000');
    expect(tick(engine, 24_999)).toEqual([]);
    expect(tick(engine, 25_000)).toEqual(['start /close 192.0.2.1 22', 'audit expired alice']);
  });

  test('three that overlap: each is closed when its own time has come', () => {
    const engine = engineWith();
    ask(engine, 0);
    ask(engine, 1000, { allow: ip('192.0.2.2') });
    ask(engine, 2000, { ports: specs('tcp/80') });
    expect(tick(engine, 10_000)).toEqual(['start /close 192.0.2.1 22', 'audit expired alice']);
    expect(tick(engine, 11_000)).toEqual(['start /close 192.0.2.2 22', 'audit expired alice']);
    expect(tick(engine, 12_000)).toEqual(['start /close 192.0.2.1 80', 'audit expired alice']);
  });

  test('where requests overlap in part, what is open already is put off, and the rest opened', () => {
    const engine = engineWith();
    ask(engine, 0);
    expect(show(ask(engine, 5000, { ports: specs('tcp/22 tcp/80') }))).toEqual([
      'remember',
      'journal /close 192.0.2.1 22 at 15000, /close 192.0.2.1 80 at 15000',
      'start /open 192.0.2.1 80',
      'audit commanded alice',
    ]);
    expect(tick(engine, 15_000).filter((line) => line.startsWith('start'))).toHaveLength(2);
  });

  test('an open that says something new is run again, and one close ends it all', () => {
    const engine = engineWith({ open: '/open $IP $CLIENT_TIMEOUT', close: '/close $IP' });
    ask(engine, 0);
    expect(show(ask(engine, 1000, for20)).slice(1, 3)).toEqual([
      'journal /close 192.0.2.1 at 21000',
      'start /open 192.0.2.1 20',
    ]);
    expect(tick(engine, 20_999)).toEqual([]);
    expect(tick(engine, 21_000)).toEqual(['start /close 192.0.2.1', 'audit expired alice']);
  });

  test('a close that names its time is for its own request alone, as with fwknopd', () => {
    const engine = engineWith({ open: '/open $TIMEOUT', close: '/close $TIMEOUT' });
    const second = EPOCH / 1000;
    ask(engine, 0);
    ask(engine, 2000);
    expect(tick(engine, 10_000)[0]).toBe(`start /close ${String(second + 10)}`);
    expect(tick(engine, 12_000)[0]).toBe(`start /close ${String(second + 12)}`);
  });
});

describe('reload, restart and stop', () => {
  test('a reload leaves it as it is, unless the stanza is no more', () => {
    const engine = engineWith();
    ask(engine, 0);
    expect(show(engine.handle({ kind: 'reload', policy: policyWith({ close: '/other' }) }, moment(1)))).not.toContain(
      'start /close 192.0.2.1 22',
    );
    expect(tick(engine, 10_000)[0]).toBe('start /close 192.0.2.1 22');
    ask(engine, 20_000);
    const policy = policyWith({}, 'bob');
    expect(show(engine.handle({ kind: 'reload', policy }, moment(20_001)))).toEqual(
      expect.arrayContaining(['start /other', 'audit revoked alice stanza-removed']),
    );
  });

  test('an orderly stop closes what is open', () => {
    const engine = engineWith();
    ask(engine, 0);
    expect(show(engine.handle({ kind: 'stop' }, moment(1)))).toEqual([
      'start /close 192.0.2.1 22',
      'audit expired alice',
      'audit stopped',
    ]);
  });

  const restart = (closes: readonly PendingClose[], now: Moment): { engine: Engine; done: string[] } => {
    const engine = engineWith();
    return { engine, done: show(engine.handle({ kind: 'closes-left', closes }, now)) };
  };

  test('after a crash the close is run when it is due, at once where that is past', () => {
    const closes = closesIn(ask(engineWith(), 0));
    const early = restart(closes, moment(4000));
    expect(early.done).toEqual([]);
    expect(tick(early.engine, 9999)).toEqual([]);
    expect(tick(early.engine, 10_000)[0]).toBe('start /close 192.0.2.1 22');
    expect(restart(closes, moment(50_000)).done).toEqual(['start /close 192.0.2.1 22', 'audit expired alice']);
  });

  test('asking again after a crash puts the close off and opens nothing twice', () => {
    const { engine } = restart(closesIn(ask(engineWith(), 0)), moment(4000));
    expect(show(ask(engine, 5000))).toEqual([
      'remember',
      'journal /close 192.0.2.1 22 at 15000',
      'audit extended alice',
    ]);
  });

  test('a wall clock that was set back does not keep it open for longer than it was to be', () => {
    const closes = closesIn(ask(engineWith(), 0));
    const { engine } = restart(closes, { wall: unixMs(EPOCH - 86_400_000), steady: steadyMs(0) });
    expect(tick(engine, 10_000)[0]).toBe('start /close 192.0.2.1 22');
  });
});

describe('what fails', () => {
  const fail = (engine: Engine, decision: Decision, kind: Effect['kind'], at: number): string[] => {
    const effect = present(decision.find((one) => one.kind === kind));
    return show(engine.handle({ kind: 'effect-failed', failure: { effect, decision, message: 'no' } }, moment(at)));
  };

  test('a packet that could not be remembered has opened nothing and put nothing off', () => {
    const engine = engineWith();
    const [first = []] = ask(engine, 0);
    expect(fail(engine, first, 'remember', 0)).toEqual(['audit failed alice journal-failed']);
    expect(tick(engine, 10_000)).toEqual([]);
    ask(engine, 20_000);
    const [again = []] = ask(engine, 25_000);
    fail(engine, again, 'remember', 25_000);
    expect(tick(engine, 30_000)[0]).toBe('start /close 192.0.2.1 22');
  });

  test('an open that failed is run again by the next request; its close stays', () => {
    const engine = engineWith();
    const [decision = []] = ask(engine, 0);
    const effect = present(decision.find((one) => one.kind === 'run-program'));
    engine.handle({ kind: 'program-ended', effect, failed: true, how: 'status 1' }, moment(1));
    expect(show(ask(engine, 1000))).toContain('start /open 192.0.2.1 22');
    expect(tick(engine, 11_000)).toEqual(['start /close 192.0.2.1 22', 'audit expired alice']);
  });
});
