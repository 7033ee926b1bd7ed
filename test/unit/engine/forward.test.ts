/** Grants that forward, from packet to firewall: whose word counts where two send one port to different places. */
import { describe, expect, test } from 'vitest';
import { parseForwardRule } from '../../../src/access/forward-rule.ts';
import { formatAuditLine } from '../../../src/engine/audit.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { forwardsTo } from '../../../src/engine/policy.ts';
import { unixMs } from '../../../src/base/units.ts';
import { forwardTarget } from '../../../src/config/values.ts';
import type { Forward } from '../../../src/spa/request.ts';
import { cidr, grantOf, ip, portOf, ports, present } from '../values.ts';
import { candidateAt, EPOCH, engineOf, moment, policyOf, show, stanzaOf } from './desk.ts';

const rules = ['10.0.0.0/24:1-65535', '[fd00::/64]:22', 'local:8022'].map((text) => present(parseForwardRule(text)));
const forwarder = (name: string): ReturnType<typeof stanzaOf> => stanzaOf(name, { forward: rules });
const policy = policyOf([forwarder('alice'), forwarder('bob'), stanzaOf('plain')]);

const to = (text: string): Forward => {
  const target = forwardTarget(text);
  return target.ok ? target.value : expect.fail(text);
};

interface Wish {
  readonly client?: number;
  readonly forward?: string;
  readonly openFor?: number;
  readonly ports?: string;
}

/** What one packet does to the firewall, or why nothing. */
const ask = (
  engine: Engine,
  at: number,
  { client = 0, forward, openFor = 0, ports: list = 'tcp/22' }: Wish,
): string => {
  const request = {
    forward: forward === undefined ? undefined : to(forward),
    openFor: openFor as never,
    ports: ports(list),
  };
  const lines = show(engine.handle(candidateAt(moment(at), { client, request }), moment(at)));
  return lines.find((line) => /^(?:open|close)/.test(line)) ?? lines.at(-1) ?? '';
};
const tick = (engine: Engine, at: number): string[] => show(engine.handle({ kind: 'tick' }, moment(at)));

describe('a request to forward', () => {
  test('opens, extends and closes as any other', () => {
    const engine = engineOf(policy);
    expect(ask(engine, 0, { forward: '10.0.0.5:22' })).toBe('open 192.0.2.1 tcp/22 to 10.0.0.5:22 until 30000');
    expect(ask(engine, 1000, { forward: '10.0.0.5:22' })).toBe('open 192.0.2.1 tcp/22 to 10.0.0.5:22 until 31000');
    expect(engine.grants()).toHaveLength(1);
    const close = candidateAt(moment(2000), { request: { type: 'close' } });
    expect(show(engine.handle(close, moment(2000)))).toContain('close 192.0.2.1 tcp/22 to 10.0.0.5:22 until 31000');
  });

  test.each([
    [{ forward: '10.0.0.5:22', ports: 'tcp/22-23' }, 'audit rejected alice forward-of-range'],
    [{ forward: '[fd00::5]:22' }, 'audit rejected alice forward-family'],
    [{ forward: '10.0.1.5:22' }, 'audit rejected alice forward-not-allowed'],
    [{ forward: '10.0.0.5:22', client: 2 }, 'audit rejected plain forward-not-allowed'],
  ])('%o: %s', (wish, line) => {
    expect(ask(engineOf(policy), 0, wish)).toBe(line);
  });

  test('is refused for addresses of both families, one of which could not go there', () => {
    const engine = engineOf(policy);
    const addresses = [cidr('192.0.2.1'), cidr('2001:db8::1')];
    const request = { forward: to('10.0.0.5:22'), addresses };
    expect(show(engine.handle(candidateAt(moment(0), { request }), moment(0)))).toContain(
      'audit rejected alice forward-family',
    );
    expect(engine.grants()).toEqual([]);
  });

  test('is told with where it goes, granted or not', () => {
    const engine = engineOf(policy);
    const line = (forward: string): string => {
      const [decision = []] = engine.handle(candidateAt(moment(0), { request: { forward: to(forward) } }), moment(0));
      const effect = decision.at(-1);
      return effect?.kind === 'audit' ? formatAuditLine(effect.line, unixMs(EPOCH)) : '';
    };
    expect(JSON.parse(line('10.0.0.5:22'))).toMatchObject({ event: 'granted', forward: '10.0.0.5:22' });
    expect(JSON.parse(line('local:8022'))).toMatchObject({ event: 'granted', forward: 'local:8022' });
    expect(JSON.parse(line('[fd00:1::5]:22'))).toMatchObject({ event: 'rejected', forward: '[fd00:1::5]:22' });
  });
});

describe('where two grants send a port to different places', () => {
  test('the newer one counts, and the older one again when it has ended', () => {
    const engine = engineOf(policy);
    ask(engine, 0, { forward: '10.0.0.5:22', openFor: 60 });
    expect(ask(engine, 1000, { client: 1, forward: '10.0.0.6:22' })).toBe(
      'close 192.0.2.1 tcp/22 to 10.0.0.5:22 until 60000, open 192.0.2.1 tcp/22 to 10.0.0.6:22 until 31000',
    );
    expect(tick(engine, 31_000).slice(0, 2)).toEqual([
      'close 192.0.2.1 tcp/22 to 10.0.0.6:22 until 31000, open 192.0.2.1 tcp/22 to 10.0.0.5:22 until 60000',
      'record -g2',
    ]);
    expect(tick(engine, 60_000)[0]).toBe('record -g1');
  });

  test('one that failed takes no place: the older one is as old as before', () => {
    const engine = engineOf(policy);
    ask(engine, 0, { forward: '10.0.0.5:22', openFor: 60 });
    ask(engine, 1000, { client: 1, forward: '10.0.0.6:22', openFor: 60 });
    const again = candidateAt(moment(2000), { request: { forward: to('10.0.0.5:22'), ports: ports('tcp/22') } });
    const [decision = []] = engine.handle(again, moment(2000));
    const effect = present(decision.find(({ kind }) => kind === 'change-firewall'));
    engine.handle({ kind: 'effect-failed', failure: { effect, decision, message: 'no' } }, moment(2000));
    expect(engine.grants().map(({ id }) => id)).toEqual(['g1', 'g2']);
    expect(show(engine.handle({ kind: 'reload', policy }, moment(3000)))[0]).toBe(
      'synchronize tcp/22 and NAT: 192.0.2.1 tcp/22 to 10.0.0.6:22 until 61000',
    );
  });

  test('the change that uncovers one may fail, which is told', () => {
    const engine = engineOf(policy);
    ask(engine, 0, { forward: '10.0.0.5:22', openFor: 60 });
    ask(engine, 1000, { client: 1, forward: '10.0.0.6:22' });
    const [decision = []] = engine.handle({ kind: 'tick' }, moment(31_000));
    const effect = present(decision[0]);
    const failure = { effect, decision, message: 'no' };
    expect(show(engine.handle({ kind: 'effect-failed', failure }, moment(31_000)))).toEqual([
      'audit failed firewall-failed',
    ]);
  });

  test('grants of before a restart count in the order of their log', () => {
    const engine = engineOf(policy);
    const forwarding = { to: ip('10.0.0.5'), port: portOf(22), source: 'client' } as const;
    const grants = [
      grantOf('192.0.2.1', 'tcp/22', 60_000, { forwarding }),
      grantOf('192.0.2.1', 'tcp/22', 50_000, { forwarding: { ...forwarding, to: ip('10.0.0.6') } }),
    ];
    expect(show(engine.handle({ kind: 'start', grants }, moment(0)))[0]).toBe(
      'synchronize tcp/22 and NAT: 192.0.2.1 tcp/22 to 10.0.0.6:22 until 50000',
    );
  });
});

test('a policy knows where its clients can forward to', () => {
  expect([...forwardsTo(policy)].sort()).toEqual([4, 6, 'local']);
  expect(forwardsTo(policyOf([stanzaOf('plain')]))).toEqual([]);
});
