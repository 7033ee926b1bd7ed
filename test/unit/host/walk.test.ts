import { describe, expect, test } from 'vitest';
import type { Chain, Ruleset } from '../../../src/host/ruleset.ts';
import { match, span, verdict } from '../../../src/host/ruleset.ts';
import { walkIn, walkOut } from '../../../src/host/walk.ts';
import { ip } from '../values.ts';
import { filter, probe, shortly, SURROUNDINGS, table, walk } from './model.ts';

const DROP_22 = 'INPUT -p tcp -m tcp --dport 22 -j DROP';

describe('one chain', () => {
  test.each([
    ['no rule', [], 'arrives 22'],
    ['a policy', [':INPUT DROP'], 'dropped by policy'],
    ['the first that fits', ['INPUT -p udp -j DROP', 'INPUT -s 198.51.100.0/24 -j ACCEPT', DROP_22], 'arrives 22'],
    ['a jump comes back', [':one', 'INPUT -j one', 'one -p udp -j DROP', DROP_22], 'dropped by 2'],
    ['return comes back', [':one', 'INPUT -j one', 'one -j RETURN', 'one -j DROP', DROP_22], 'dropped by 2'],
    ['goto does not', [':one', 'INPUT -g one', 'one -p udp -j DROP', DROP_22], 'arrives 22'],
    ['return in a base chain is its end', [':INPUT DROP', 'INPUT -j RETURN', 'INPUT -j ACCEPT'], 'dropped by policy'],
    ['a negation', ['INPUT ! -s 10.0.0.0/8 -j DROP'], 'dropped by 1'],
    ['a mark', ['INPUT -j MARK --set-xmark 0x5/0xffffffff', 'INPUT -m mark --mark 0x5 -j DROP'], 'dropped by 2'],
    ['a chain that leads to itself', [':one', 'INPUT -j one', 'one -j one'], 'unsure: there are too many rules'],
  ])('%s', (_, rules, wanted) => {
    expect(shortly(walk(filter(...rules)))).toBe(wanted);
  });
});

describe('what cannot be told', () => {
  const LIMIT = '-m limit --limit 3/sec';
  test.each([
    ['a drop', [`INPUT ${LIMIT} -j DROP`], 'unsure: -m limit'],
    ['an accept, and a drop behind it', [`INPUT ${LIMIT} -j ACCEPT`, DROP_22], 'unsure: -m limit'],
    ['an accept, and none behind it', [`INPUT ${LIMIT} -j ACCEPT`], 'arrives 22'],
    ['a drop, and a drop for sure behind it', [`INPUT ${LIMIT} -j DROP`, DROP_22], 'dropped by 2'],
    ['a jump to what drops', [':one', `INPUT ${LIMIT} -j one`, 'one -j DROP'], 'unsure: -m limit'],
    ['a jump to what accepts', [':one', `INPUT ${LIMIT} -j one`, 'one -j ACCEPT', DROP_22], 'unsure: -m limit'],
    ['a return past a drop', [`INPUT ${LIMIT} -j RETURN`, DROP_22], 'unsure: -m limit'],
    [
      'a mark that a drop depends on',
      [`INPUT ${LIMIT} -j MARK --set-xmark 0x1/0xffffffff`, 'INPUT -m mark --mark 0x1 -j DROP'],
      'unsure: mark',
    ],
    ['a queue', ['INPUT -j NFQUEUE --queue-num 1'], 'unsure: NFQUEUE'],
    ['a doubt about what does not fit anyway', [`INPUT -p udp ${LIMIT} -j DROP`], 'arrives 22'],
  ])('%s', (_, rules, wanted) => {
    expect(shortly(walk(filter(...rules)))).toBe(wanted);
  });

  test('what may have been accepted in one chain is still looked at by the next', () => {
    const first = table('raw', `PREROUTING ${LIMIT} -j ACCEPT`, 'PREROUTING -p tcp -j DROP');
    expect(shortly(walk([...first, ...filter('INPUT -j DROP')]))).toBe('dropped by 1');
  });
});

describe('hooks', () => {
  const chain = (hook: 'ingress' | 'prerouting' | 'input', priority: number, kind: 'accept' | 'drop'): Chain => ({
    ...{ family: hook === 'ingress' ? 'netdev' : 'inet', table: `inet ${hook}${String(priority)}`, name: 'c' },
    base: { type: 'filter', hook, priority, policy: 'accept', devices: hook === 'ingress' ? ['eth0'] : [] },
    rules: [{ number: priority, text: kind, steps: [match('dport', [span(22)]), verdict(kind)] }],
  });

  test('an accept ends its chain alone; a drop ends all', () => {
    expect(shortly(walk([chain('input', 1, 'accept'), chain('input', 9, 'drop')]))).toBe('dropped by 9');
    expect(shortly(walk([chain('input', 1, 'drop'), chain('input', 9, 'accept')]))).toBe('dropped by 1');
  });

  test('the lower priority is first, in whichever order they stand, and an earlier hook before', () => {
    const all = [chain('input', -400, 'drop'), chain('prerouting', 7, 'drop'), chain('prerouting', 6, 'drop')];
    expect(shortly(walk(all))).toBe('dropped by 6');
    expect(shortly(walk([...all, chain('ingress', 99, 'drop')]))).toBe('dropped by 99');
    expect(shortly(walk([chain('ingress', 99, 'drop')], { comesIn: 'eth1' }))).toBe('arrives 22');
  });

  test('a state is there from connection tracking on', () => {
    const rules = (priority: number): Ruleset => [
      {
        ...chain('prerouting', priority, 'drop'),
        rules: [{ number: 1, text: '', steps: [match('ct-state', [{ kind: 'word', word: 'new' }]), verdict('drop')] }],
      },
    ];
    expect(shortly(walk(rules(-201)))).toBe('arrives 22');
    expect(shortly(walk(rules(-199)))).toBe('dropped by 1');
    expect(shortly(walk(rules(-199), { state: 'established' }))).toBe('arrives 22');
    const notrack = table('raw', 'PREROUTING -p tcp -j CT --notrack');
    expect(shortly(walk([...rules(-199), ...notrack]))).toBe('arrives 22');
  });

  test('IPv6 is not seen by tables of IPv4', () => {
    expect(shortly(walk(filter('INPUT -j DROP'), { from: ip('2001:db8::7'), to: ip('2001:db8::1') }))).toBe(
      'arrives 22',
    );
  });
});

describe('NAT', () => {
  const DNAT = 'PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80';

  test('what is sent elsewhere goes through forward, and by its interface', () => {
    const nat = table('nat', DNAT);
    expect(shortly(walk(nat, { toPort: 8080 }))).toBe('forwarded 80');
    const forward = (rule: string): Ruleset => filter(':FORWARD ACCEPT', 'INPUT -j DROP', `FORWARD ${rule}`);
    expect(shortly(walk([...nat, ...forward('-o docker0 -j DROP')], { toPort: 8080 }))).toBe('dropped by 1');
    expect(shortly(walk([...nat, ...forward('-o eth0 -j DROP')], { toPort: 8080 }))).toBe('forwarded 80');
    expect(shortly(walk([...nat, ...forward('-p tcp --dport 8080 -j DROP')], { toPort: 8080 }))).toBe('forwarded 80');
    expect(shortly(walk([...nat, ...forward('-m conntrack --ctorigdstport 8080 -j DROP')], { toPort: 8080 }))).toBe(
      'dropped by 1',
    );
  });

  test('the first rule that says where to is the only one', () => {
    const nat = table(
      'nat',
      'PREROUTING -p tcp -m tcp --dport 22 -j REDIRECT --to-ports 23',
      'PREROUTING -p tcp -m tcp --dport 23 -j REDIRECT --to-ports 24',
    );
    expect(shortly(walk(nat))).toBe('arrives 23');
  });

  test('what is not tracked is not sent elsewhere', () => {
    const rules = [...table('nat', DNAT), ...table('raw', 'PREROUTING -p tcp -j CT --notrack')];
    expect(shortly(walk(rules, { toPort: 8080 }))).toBe('arrives 8080');
  });

  test('one of several targets cannot be told', () => {
    const nat = table('nat', 'PREROUTING -p tcp --dport 22 -j DNAT --to-destination 10.0.0.1-10.0.0.9');
    expect(shortly(walk(nat))).toBe('unsure: where it sends the packet is not known');
  });
});

test('what this host sends meets output', () => {
  const rules = filter(':OUTPUT ACCEPT', 'INPUT -j DROP', 'OUTPUT -o eth0 -p tcp --sport 22 -j DROP');
  const answer = probe({
    state: 'established',
    from: ip('192.0.2.1'),
    to: ip('198.51.100.7'),
    fromPort: 22,
    toPort: 50_000,
    comesIn: '',
    goesOut: 'eth0',
  });
  expect(shortly(walkOut(rules, answer, SURROUNDINGS))).toBe('dropped by 1');
  expect(shortly(walkOut(rules, { ...answer, goesOut: 'eth1' }, SURROUNDINGS))).toBe('arrives 50000');
});

describe('what is known of a packet', () => {
  const sent = table('nat', 'PREROUTING -p tcp --dport 22 -j DNAT --to-destination 172.17.0.2:80');
  const forwarded = (rule: string): string =>
    shortly(walk([...sent, ...filter(':FORWARD ACCEPT', `FORWARD ${rule} -j DROP`)]));

  test('where it leaves by, once it is routed', () => {
    expect(forwarded('-o docker0')).toBe('dropped by 1');
    expect(forwarded('-o eth0')).toBe('forwarded 80');
    const nowhere = { local: [ip('192.0.2.1')], routes: [] };
    expect(
      shortly(walkIn([...sent, ...filter(':FORWARD ACCEPT', 'FORWARD -o eth0 -j DROP')], probe(), nowhere)),
    ).toMatch(/^unsure/);
  });

  test('whether its addresses are of this host', () => {
    expect(forwarded('-m addrtype ! --dst-type LOCAL')).toBe('dropped by 1');
    const own = filter('INPUT -m addrtype --src-type LOCAL -j DROP');
    expect(shortly(walk(own, { from: ip('192.0.2.1') }))).toBe('dropped by 1');
    expect(shortly(walk(own))).toBe('arrives 22');
  });

  test('that it has been translated, and the port that it was sent to', () => {
    expect(forwarded('-m conntrack --ctstatus DNAT')).toBe('dropped by 1');
    expect(forwarded('-p tcp -m conntrack --ctorigdstport 22')).toBe('dropped by 1');
    expect(forwarded('-p tcp --dport 22')).toBe('forwarded 80');
  });

  test('no flags of TCP, where it is a datagram', () => {
    const flags = filter('INPUT -m tcp --tcp-flags SYN SYN -j DROP');
    expect(shortly(walk(flags, { protocol: 'udp' }))).toBe('arrives 22');
    expect(shortly(walk(flags))).toBe('dropped by 1');
  });
});
