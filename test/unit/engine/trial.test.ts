/** The guard on trial: confirmed through a connection that came through it, or taken back at its time. */
import { describe, expect, test } from 'vitest';
import { steadyMs, type Port } from '../../../src/base/units.ts';
import { type Connection, connectionKey, reversed, type SocketTable } from '../../../src/control/connection.ts';
import type { Proof } from '../../../src/control/request.ts';
import type { Decision } from '../../../src/engine/effect.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import type { Input } from '../../../src/engine/input.ts';
import { ip, portOf, ports } from '../values.ts';
import { candidateAt, EPOCH, engineOf, moment, policyOf, show, showAll, stanzaOf } from './desk.ts';

const ENDS = 60_000;

const connectionOf = (clientPort: number, serverPort = 22, client = '192.0.2.1'): Connection => ({
  ...{ client: ip(client), clientPort: portOf(clientPort), server: ip('192.0.2.100'), serverPort: portOf(serverPort) },
});
const OLD = connectionOf(50_000);
const FRESH = connectionOf(50_001);

const proofOf = (connection: Connection, ...ways: readonly number[]): Proof => ({
  ...{ kind: 'connection', connection, ways: ways.map(portOf) },
});

const listener = (port: number, address = '0.0.0.0'): SocketTable['listening'][number] => ({
  ...{ address: ip(address), port: portOf(port), inode: port },
});

const facts = (fields: Partial<SocketTable> = {}, older: readonly Connection[] | 'unknown' = [OLD]) => ({
  older: older === 'unknown' ? undefined : new Set(older.map(connectionKey)),
  sockets: { established: [OLD, FRESH], passing: [], listening: [listener(22)], ...fields },
});

const confirm = (proof: Proof, fields = facts()): Input => ({ kind: 'confirm', id: 'c', proof, facts: fields });

/** An engine whose guard is on trial until {@link ENDS}. */
const onTrial = (guard = 'tcp/22 udp/62201'): Engine => {
  const engine = engineOf(policyOf([stanzaOf('alice')], { guard: ports(guard) }));
  engine.handle({ kind: 'start', grants: [], guardEnds: steadyMs(ENDS) }, moment(0));
  return engine;
};

const tell = (engine: Engine, input: Input, at = 1000): string[] =>
  show(engine.handle(input, moment(at))).filter((line) => line !== 'audit counted');
const tick = (engine: Engine, at: number): string[] => tell(engine, { kind: 'tick' }, at);
const TAKEN_BACK = ['flush-firewall', 'record ', 'audit trial-over', 'give-up'];

test('a start on trial has a guard that ends, notes what is older than it, and says until when', () => {
  const engine = engineOf();
  const [decision = []] = engine.handle({ kind: 'start', grants: [], guardEnds: steadyMs(ENDS) }, moment(0));
  expect(show([decision])).toEqual(['synchronize tcp/22 until 60000: ', 'note-connections', 'audit started']);
  expect(decision).toContainEqual({ kind: 'audit', line: { event: 'started', until: EPOCH + ENDS } });
  expect(engine.facts().guardEnds).toBe(ENDS);
});

test('before a guard goes up, and after it was away, established connections are made known at its ports, and at no other time', () => {
  const engine = engineOf();
  const all = (input: Input): string[] => showAll(engine.handle(input, moment(0)));
  expect(all({ kind: 'start', grants: [] }).slice(0, 2)).toEqual(['adopt tcp/22', 'synchronize tcp/22: ']);
  const policy = policyOf([stanzaOf('alice')], { guard: ports('tcp/22 tcp/443') });
  expect(all({ kind: 'reload', policy }).slice(0, 2)).toEqual(['adopt tcp/22,tcp/443', 'synchronize tcp/22,tcp/443: ']);
  expect(all({ kind: 'firewall-repaired' })).toEqual(['adopt tcp/22,tcp/443', 'audit repaired']);
  expect(all(candidateAt(moment(0))).join()).not.toContain('adopt');
  expect(all({ kind: 'reload', policy: policyOf([], { guard: [] }) }).join()).not.toContain('adopt');
});

test('a start without a trial has none of that', () => {
  const engine = engineOf();
  expect(tell(engine, { kind: 'start', grants: [] })).toEqual(['synchronize tcp/22: ', 'audit started']);
  expect(tell(engine, confirm(proofOf(FRESH)))).toEqual([
    'answer c: the guard is not on trial: there is nothing to confirm',
  ]);
  expect(tick(engine, 1e9)).toEqual([]);
});

describe('a confirmation through a new connection', () => {
  test('lets the guard stay, then tells', () => {
    const engine = onTrial();
    expect(tell(engine, confirm(proofOf(FRESH, 22)))).toEqual([
      'synchronize tcp/22,udp/62201: ',
      'audit confirmed',
      'answer c: confirmed',
    ]);
    expect(engine.facts().guardEnds).toBeUndefined();
    expect(tick(engine, ENDS + 1)).toEqual([]);
    expect(tell(engine, confirm(proofOf(FRESH)))).toEqual(['answer c: the guard has been confirmed already']);
  });

  test('at the console needs none', () => {
    const engine = onTrial();
    expect(tell(engine, confirm({ kind: 'console' }, facts({}, 'unknown')))).toContain('answer c: confirmed');
  });

  test('when the firewall refuses, the trial goes on, and it can be tried again', () => {
    const engine = onTrial();
    const [decision = []] = engine.handle(confirm(proofOf(FRESH)), moment(1000));
    expect(fail(engine, decision, 'synchronize-firewall')).toEqual([
      'audit failed firewall-failed',
      'synchronize tcp/22,udp/62201 until 60000: ',
      'note-connections',
      'answer c: the firewall could not be set right: it cannot be',
    ]);
    expect(tell(engine, confirm(proofOf(FRESH)))).toContain('answer c: confirmed');
  });
});

const fail = (
  engine: Engine,
  decision: Decision,
  kind: 'synchronize-firewall' | 'flush-firewall',
  at = 1000,
): string[] => {
  const effect = decision.find((one) => one.kind === kind);
  if (effect === undefined) throw new Error(`no ${kind}`);
  return tell(engine, { kind: 'effect-failed', failure: { effect, decision, message: 'it cannot be' } }, at);
};

describe('refused, with the trial going on, is', () => {
  const MAPPED = connectionOf(50_002, 22, '127.0.0.1');
  const ELSEWHERE = connectionOf(50_003, 2222);
  test.each<[string, Proof, ReturnType<typeof facts>, RegExp]>([
    [
      'an older connection',
      proofOf(OLD),
      facts(),
      /^this connection is older than the guard: open a new one \(ssh again\)/,
    ],
    ['one that is not there', proofOf(connectionOf(50_009)), facts(), /is not one of this host/],
    [
      'one that is about to end',
      proofOf(FRESH),
      facts({ established: [OLD], passing: [FRESH] }),
      /is not one of this host/,
    ],
    [
      'one from this host',
      proofOf(FRESH),
      facts({ established: [FRESH, reversed(FRESH)] }),
      /comes from this very host/,
    ],
    ['one from a loopback address', proofOf(MAPPED), facts({ established: [MAPPED] }), /comes from this very host/],
    ['any, where it is not known which are older', proofOf(FRESH), facts({}, 'unknown'), /it is not known/],
    [
      'one to a port that is not guarded, where what let it in listens at one that is',
      proofOf(ELSEWHERE, 22, 2222),
      facts({ established: [ELSEWHERE] }),
      /came to tcp\/2222, which is not guarded, and proves nothing about tcp\/22: /,
    ],
    [
      'one to a port that is not guarded, where anything may have let it in',
      proofOf(ELSEWHERE),
      facts({ established: [ELSEWHERE] }),
      /proves nothing about tcp\/22: .*--console/,
    ],
  ])('%s', (_, proof, fields, sentence) => {
    const engine = onTrial();
    const [line = '', ...more] = tell(engine, confirm(proof, fields));
    expect(more).toEqual([]);
    expect(line.replace('answer c: ', '')).toMatch(sentence);
    expect(engine.facts().guardEnds).toBe(ENDS);
    expect(tick(engine, ENDS)).toEqual(TAKEN_BACK);
  });

  test('one that comes too late', () => {
    const engine = onTrial();
    expect(tell(engine, confirm(proofOf(FRESH)), ENDS)).toEqual([
      'answer c: the time is over: the guard is taken back',
    ]);
    tick(engine, ENDS);
    expect(tell(engine, confirm({ kind: 'console' }), ENDS)).toEqual([
      'answer c: the time is over: the guard is taken back',
    ]);
  });
});

describe('a connection to a port that is not guarded will do', () => {
  const ELSEWHERE = connectionOf(50_003, 2222);
  test.each<[string, string, readonly Port[], Partial<SocketTable>]>([
    ['where nothing else leads here', 'tcp/443', [portOf(2222)], { listening: [listener(443), listener(2222)] }],
    ['where no guarded port is listened at', 'tcp/22', [], { listening: [listener(2222), listener(22, '127.0.0.1')] }],
  ])('%s', (_, guard, ways, fields) => {
    const proof = { kind: 'connection', connection: ELSEWHERE, ways } as const;
    expect(tell(onTrial(guard), confirm(proof, facts({ established: [ELSEWHERE], ...fields })))).toContain(
      'answer c: confirmed',
    );
  });
});

describe('when nobody confirms', () => {
  test('everything is taken out of the firewall at the time, grants are over, and the daemon ends', () => {
    const engine = onTrial();
    engine.handle(candidateAt(moment(40_000)), moment(40_000));
    expect(tick(engine, ENDS - 1)).toEqual([]);
    expect(tick(engine, ENDS)).toEqual([
      'flush-firewall',
      'record -g1',
      'audit revoked alice guard-unconfirmed',
      'audit trial-over',
      'give-up',
    ]);
    expect(engine.grants()).toEqual([]);
    expect(tick(engine, ENDS + 500)).toEqual([]);
  });

  test('and a reload comes after that, it does not guard again', () => {
    const engine = onTrial();
    tick(engine, ENDS);
    expect(tell(engine, { kind: 'reload', policy: policyOf([stanzaOf('alice')]) }, ENDS)[0]).toBe('synchronize : ');
  });

  test('and the firewall refuses, it is tried again after five seconds, until it works', () => {
    const engine = onTrial();
    for (let at = ENDS; at < ENDS + 20_000; at += 5000) {
      const [, decision = []] = [[], ...engine.handle({ kind: 'tick' }, moment(at))];
      expect(show([decision])).toEqual(TAKEN_BACK);
      expect(fail(engine, decision, 'flush-firewall', at)).toEqual(['audit failed firewall-failed']);
      expect(tick(engine, at + 4999)).toEqual([]);
    }
  });
});

describe('meanwhile', () => {
  test('grants open and end as ever', () => {
    const engine = onTrial();
    expect(show(engine.handle(candidateAt(moment(1000)), moment(1000)))).toContain('open 192.0.2.1 tcp/22 until 31000');
    expect(tick(engine, 31_000)).toEqual(['record -g1', 'audit expired alice']);
  });

  test('a reload keeps the trial, and notes anew what is older than the new guard', () => {
    const engine = onTrial();
    const policy = policyOf([stanzaOf('alice')], { guard: ports('tcp/443') });
    expect(tell(engine, { kind: 'reload', policy })).toEqual([
      'synchronize tcp/443 until 60000: ',
      'note-connections',
      'record ',
      'audit reloaded',
    ]);
    expect(tick(engine, ENDS)).toEqual(TAKEN_BACK);
  });

  test('what came while the guard was away counts as older', () => {
    const engine = onTrial();
    expect(tell(engine, { kind: 'firewall-repaired' })).toEqual(['note-connections', 'audit repaired']);
    tell(engine, confirm(proofOf(FRESH)));
    expect(tell(engine, { kind: 'firewall-repaired' })).toEqual(['audit repaired']);
  });
});
