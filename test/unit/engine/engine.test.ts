import { describe, expect, test } from 'vitest';
import { seconds, unixMs } from '../../../src/base/units.ts';
import { cidr, grantOf, ports, specs } from '../values.ts';
import { candidateAt, EPOCH, engineOf, moment, policyOf, show, stanzaOf } from './desk.ts';

describe('a request', () => {
  test('is remembered, then opened, then recorded, then told', () => {
    const engine = engineOf();
    expect(show(engine.handle(candidateAt(moment(1000)), moment(1000)))).toEqual([
      'remember',
      'record +g1',
      'open 192.0.2.1 tcp/22 until 31000',
      'audit granted alice',
    ]);
    expect(engine.grants()).toMatchObject([{ id: 'g1', stanza: 'alice', ends: 31_000, until: EPOCH + 31_000 }]);
  });

  test('again extends the grant and never shortens it', () => {
    const engine = engineOf();
    engine.handle(candidateAt(moment(0)), moment(0));
    expect(show(engine.handle(candidateAt(moment(5000)), moment(5000)))).toEqual([
      'remember',
      'record +g1',
      'open 192.0.2.1 tcp/22 until 35000',
      'audit extended alice',
    ]);
    const shorter = candidateAt(moment(6000), { request: { openFor: seconds(1) } });
    engine.handle(shorter, moment(6000));
    expect(engine.grants().map(({ id, ends }) => [id, ends])).toEqual([['g1', 35_000]]);
  });

  test('for two addresses is two grants in one change', () => {
    const engine = engineOf();
    const request = { addresses: [cidr('192.0.2.5'), cidr('2001:db8::5')] };
    expect(show(engine.handle(candidateAt(moment(0), { request }), moment(0)))).toEqual([
      'remember',
      'record +g1 +g2',
      'open 192.0.2.5 tcp/22 until 30000, open 2001:db8::5 tcp/22 until 30000',
      'audit granted alice',
      'audit granted alice',
    ]);
  });

  test('by another client for the same port is a grant of its own', () => {
    const engine = engineOf();
    engine.handle(candidateAt(moment(0)), moment(0));
    engine.handle(candidateAt(moment(10_000), { client: 1 }), moment(10_000));
    expect(engine.grants().map(({ stanza, ends }) => [stanza, ends])).toEqual([
      ['alice', 30_000],
      ['bob', 40_000],
    ]);
  });

  test('over what is open in part changes only what must be', () => {
    const engine = engineOf();
    engine.handle(candidateAt(moment(0), { request: { ports: specs('tcp/20-24') } }), moment(0));
    const [, , change] = show(engine.handle(candidateAt(moment(5000)), moment(5000)));
    expect(change).toBe(
      'close 192.0.2.1 tcp/20-24 until 30000, open 192.0.2.1 tcp/20-21 until 30000, ' +
        'open 192.0.2.1 tcp/22 until 35000, open 192.0.2.1 tcp/23-24 until 30000',
    );
  });

  test('ends with its stanza at the latest', () => {
    const engine = engineOf(policyOf([stanzaOf('alice', { expires: unixMs(EPOCH + 7000) })]));
    engine.handle(candidateAt(moment(0)), moment(0));
    expect(engine.grants()[0]?.ends).toBe(7000);
    expect(show(engine.handle(candidateAt(moment(7000)), moment(7000)))).toEqual([
      'remember',
      'audit rejected alice stanza-expired',
    ]);
  });

  test('from a client that does not exist is nobody’s', () => {
    const input = candidateAt(moment(0), { client: 9 });
    expect(engineOf().handle(input, moment(0))).toEqual([]);
  });
});

describe('a refusal', () => {
  const refused = (input: ReturnType<typeof candidateAt>, engine = engineOf()): string[] =>
    show(engine.handle(input, moment(0)));

  test('before the packet is known to be fresh and new, nothing is remembered', () => {
    const wrongClient = candidateAt(moment(0));
    const asBob =
      wrongClient.kind === 'candidate'
        ? { ...wrongClient, candidate: { ...wrongClient.candidate, client: 1 } }
        : wrongClient;
    expect(refused(asBob)).toEqual(['audit rejected bob bad-mac']);
    expect(refused(candidateAt(moment(-120_001)))).toEqual(['audit rejected alice stale']);
    expect(refused(candidateAt(moment(120_001)))).toEqual(['audit rejected alice future']);
  });

  test('by policy is remembered: it could come again from an address that is allowed', () => {
    expect(refused(candidateAt(moment(0), { request: { ports: specs('udp/53') } }))).toEqual([
      'remember',
      'audit rejected alice port-not-allowed',
    ]);
  });

  test('of a replay, from wherever it comes', () => {
    const engine = engineOf();
    const input = candidateAt(moment(0));
    engine.handle(input, moment(0));
    expect(show(engine.handle(input, moment(1)))).toEqual(['audit rejected alice replayed']);
    const elsewhere =
      input.kind === 'candidate' ? { ...input.candidate, source: cidr('198.51.100.9').address } : undefined;
    if (elsewhere === undefined) throw new Error('a candidate');
    expect(show(engine.handle({ kind: 'candidate', candidate: elsewhere }, moment(2)))).toEqual([
      'audit rejected alice replayed',
    ]);
    expect(engine.grants()).toHaveLength(1);
  });

  test('says how wrong the clock is', () => {
    const [decision] = engineOf().handle(candidateAt(moment(-600_000)), moment(0));
    expect(decision?.[0]).toMatchObject({ kind: 'audit', line: { reason: 'stale', skew: -600 } });
  });

  test('when there is no more room, and none that is live is let go', () => {
    const engine = engineOf(policyOf([stanzaOf('alice')]), 2);
    for (const source of ['192.0.2.1', '192.0.2.2']) engine.handle(candidateAt(moment(0), { source }), moment(0));
    expect(refused(candidateAt(moment(0), { source: '192.0.2.3' }), engine)).toEqual([
      'remember',
      'audit rejected alice too-many-grants',
    ]);
    expect(refused(candidateAt(moment(0), { source: '192.0.2.2' }), engine)).toContain('audit extended alice');
  });

  test('is counted always and written fifty at once, five a second', () => {
    const engine = engineOf();
    const input = candidateAt(moment(0));
    engine.handle(input, moment(0));
    const lines = (now: number, times: number): number =>
      Array.from({ length: times }, () => show(engine.handle(input, moment(now)))).flat().length;
    expect(lines(0, 80)).toBe(50);
    expect(lines(1000, 80)).toBe(5);
    const [report] = engine.handle({ kind: 'report' }, moment(1000)).flat();
    expect(report).toMatchObject({ line: { counts: { replayed: 160, unlogged: 105, granted: 1 } } });
  });
});

describe('a close', () => {
  test('ends the stanza’s own grants', () => {
    const engine = engineOf();
    for (const client of [0, 1]) engine.handle(candidateAt(moment(0), { client }), moment(0));
    engine.handle(candidateAt(moment(0), { request: { ports: specs('tcp/80') } }), moment(0));
    expect(show(engine.handle(candidateAt(moment(1000), { request: { type: 'close' } }), moment(1000)))).toEqual([
      'remember',
      'record -g1 -g3',
      'close 192.0.2.1 tcp/80 until 30000',
      'audit closed alice',
      'audit closed alice',
    ]);
    expect(engine.grants().map((grant) => grant.stanza)).toEqual(['bob']);
  });

  test('of nothing', () => {
    expect(show(engineOf().handle(candidateAt(moment(0), { request: { type: 'close' } }), moment(0)))).toEqual([
      'remember',
      'audit rejected alice nothing-to-close',
    ]);
  });

  test('of two grants of one address is one change', () => {
    const engine = engineOf();
    for (const list of ['tcp/22', 'tcp/80', 'tcp/443'])
      engine.handle(candidateAt(moment(0), { request: { ports: specs(list) } }), moment(0));
    const [, , change] = show(engine.handle(candidateAt(moment(0), { request: { type: 'close' } }), moment(0)));
    expect(change?.split(', ')).toEqual([
      'close 192.0.2.1 tcp/22 until 30000',
      'close 192.0.2.1 tcp/80 until 30000',
      'close 192.0.2.1 tcp/443 until 30000',
    ]);
  });
});

describe('start, tick, reload, stop', () => {
  test('start shows the firewall what is live, and says what became of each grant', () => {
    const engine = engineOf();
    const grants = [
      grantOf('192.0.2.1', 'tcp/22', 9000),
      grantOf('192.0.2.2', 'tcp/22', 9000, { id: 'g2', stanza: 'gone' }),
      grantOf('192.0.2.3', 'tcp/22', 0),
    ];
    expect(show(engine.handle({ kind: 'start', grants }, moment(0)))).toEqual([
      'synchronize tcp/22: 192.0.2.1 tcp/22 until 9000',
      'audit started',
      'audit expired alice',
      'audit revoked gone stanza-removed',
      'audit restored alice',
      'record -g2 -g3',
    ]);
  });

  test('tick ends what has ended; the kernel has closed it already', () => {
    const engine = engineOf();
    engine.handle(candidateAt(moment(0)), moment(0));
    expect(show(engine.handle({ kind: 'tick' }, moment(29_999)))).not.toContain('audit expired alice');
    expect(show(engine.handle({ kind: 'tick' }, moment(30_000)))).toEqual(['record -g1', 'audit expired alice']);
    expect(engine.grants()).toEqual([]);
  });

  test('a grant ends on time whatever the wall clock does', () => {
    const engine = engineOf();
    engine.handle(candidateAt(moment(0)), moment(0));
    const stepped = { wall: unixMs(EPOCH - 86_400_000), steady: moment(30_000).steady };
    expect(show(engine.handle({ kind: 'tick' }, stepped))).toContain('audit expired alice');
  });

  test('counts are told once a minute, and only when there are new ones', () => {
    const engine = engineOf();
    const ticks = (from: number, to: number): number[] => {
      const told: number[] = [];
      for (let at = from; at <= to; at += 1000)
        if (show(engine.handle({ kind: 'tick' }, moment(at))).includes('audit counted')) told.push(at);
      return told;
    };
    engine.handle({ kind: 'counted', counts: { 'unknown-hint': 7 } }, moment(0));
    expect(ticks(0, 130_000)).toEqual([0]);
    engine.handle({ kind: 'counted', counts: { 'unknown-hint': 1 } }, moment(131_000));
    engine.handle({ kind: 'counted', counts: { 'bad-mac': 1 } }, moment(131_000));
    expect(ticks(131_000, 180_000)).toEqual([131_000]);
  });

  test('reload revokes the grants of stanzas that are gone, and synchronizes', () => {
    const engine = engineOf();
    for (const client of [0, 1]) engine.handle(candidateAt(moment(0), { client }), moment(0));
    const policy = policyOf([stanzaOf('bob')], { guard: ports('tcp/22 tcp/443') });
    expect(show(engine.handle({ kind: 'reload', policy }, moment(1000)))).toEqual([
      'synchronize tcp/22,tcp/443: 192.0.2.1 tcp/22 until 30000',
      'record -g1',
      'audit revoked alice stanza-removed',
      'audit reloaded',
    ]);
  });

  test('a bad configuration changes nothing and says so', () => {
    const engine = engineOf();
    expect(show(engine.handle({ kind: 'reload-failed', message: 'line 3' }, moment(0)))).toEqual([
      'audit reloaded bad-configuration',
    ]);
    expect(show(engine.handle(candidateAt(moment(0)), moment(0)))).toContain('audit granted alice');
  });

  test('stop and repair are told', () => {
    expect(show(engineOf().handle({ kind: 'stop' }, moment(0)))).toEqual(['audit stopped']);
    expect(show(engineOf().handle({ kind: 'firewall-repaired' }, moment(0)))).toEqual(['audit repaired']);
  });
});
