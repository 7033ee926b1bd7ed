import { describe, expect, test } from 'vitest';
import { readNftRuleset } from '../../../src/host/nft-json.ts';
import { ip } from '../values.ts';
import { shortly, walk } from './model.ts';

const SETS = [
  {
    set: {
      family: 'inet',
      table: 'f',
      name: 'nets',
      type: 'ipv4_addr',
      elem: ['1.2.3.4', { prefix: { addr: '198.51.100.0', len: 24 } }],
    },
  },
  { set: { family: 'inet', table: 'f', name: 'empty', type: 'inet_service' } },
  {
    set: {
      family: 'inet',
      table: 'f',
      name: 'timed',
      type: 'inet_service',
      elem: [{ elem: { val: { range: [20, 30] }, timeout: 9, expires: 8 } }],
    },
  },
  {
    map: {
      family: 'inet',
      table: 'f',
      name: 'verdicts',
      type: 'inet_service',
      map: 'verdict',
      elem: [[22, { drop: null }]],
    },
  },
];

const read = (expr: readonly unknown[], base: object = { type: 'filter', hook: 'input', prio: 0, policy: 'accept' }) =>
  readNftRuleset(
    JSON.stringify({
      nftables: [
        { metainfo: { json_schema_version: 1 } },
        ...SETS,
        { chain: { family: 'inet', table: 'f', name: 'c', handle: 1, ...base } },
        { rule: { family: 'inet', table: 'f', chain: 'c', handle: 7, expr } },
      ],
    }),
    'table inet f { # handle 1\n\tchain c { # handle 1\n\t\ttcp dport { 1,\n\t\t\t2 } counter packets 5 bytes 6 drop # handle 7\n\t}\n}\n',
  );

const payload = (protocol: string, field: string): object => ({ payload: { protocol, field } });
const meta = (key: string): object => ({ meta: { key } });
const is = (left: unknown, right: unknown, op = '=='): object => ({ match: { op, left, right } });
const DPORT = payload('tcp', 'dport');
const STATE = { ct: { key: 'state' } };

/** Whether a rule that drops fits a new connection from 198.51.100.7 to 192.0.2.1, port 22. */
const fits = (...expr: readonly unknown[]): string => {
  const fate = shortly(walk(read([...expr, { drop: null }])?.ruleset ?? []));
  return fate.startsWith('dropped') ? 'yes' : fate.startsWith('unsure') ? 'unsure' : 'no';
};

// As nft 1.0.6 writes them.
describe('a match', () => {
  test.each([
    ['tcp dport 22', is(DPORT, 22), 'yes'],
    ['tcp dport != 22', is(DPORT, 22, '!='), 'no'],
    ['udp dport != 22', is(payload('udp', 'dport'), 23, '!='), 'no'],
    ['th dport 22', is(payload('th', 'dport'), 22), 'yes'],
    ['tcp dport > 22', is(DPORT, 22, '>'), 'no'],
    ['tcp dport >= 22', is(DPORT, 22, '>='), 'yes'],
    ['tcp dport < 23', is(DPORT, 23, '<'), 'yes'],
    ['tcp dport 20-30', is(DPORT, { range: [20, 30] }), 'yes'],
    ['tcp dport { 1, 20-30 }', is(DPORT, { set: [1, { range: [20, 30] }] }), 'yes'],
    ['tcp dport @empty', is(DPORT, '@empty'), 'no'],
    ['tcp dport != @empty', is(DPORT, '@empty', '!='), 'yes'],
    ['tcp dport @timed', is(DPORT, '@timed'), 'yes'],
    ['tcp dport @unknown', is(DPORT, '@unknown'), 'unsure'],
    ['ip saddr @nets', is(payload('ip', 'saddr'), '@nets'), 'yes'],
    ['ip6 saddr != ::1', is(payload('ip6', 'saddr'), '::1', '!='), 'no'],
    ['ip protocol tcp', is(payload('ip', 'protocol'), 'tcp'), 'yes'],
    ['meta l4proto { udp, 6 }', is(meta('l4proto'), { set: ['udp', 6] }), 'yes'],
    ['meta l4proto hopopt', is(meta('l4proto'), 'hopopt'), 'no'],
    ['meta nfproto ipv4', is(meta('nfproto'), 'ipv4'), 'yes'],
    ['meta protocol ip6', is(meta('protocol'), 'ip6'), 'no'],
    ['iifname "et*"', is(meta('iifname'), 'et*'), 'yes'],
    ['iif lo', is(meta('iif'), 'lo'), 'no'],
    ['oifname eth0, of what comes in', is(meta('oifname'), 'eth0'), 'no'],
    ['meta pkttype unicast', is(meta('pkttype'), 'unicast'), 'yes'],
    ['meta mark & 0xff == 0', is({ '&': [meta('mark'), 255] }, 0), 'yes'],
    ['ct state new', is(STATE, 'new', 'in'), 'yes'],
    ['ct state established,related', is(STATE, ['established', 'related'], 'in'), 'no'],
    ['ct state { new, untracked }', is(STATE, { set: ['new', 'untracked'] }), 'yes'],
    ['ct state != new', is(STATE, 'new', '!='), 'no'],
    ['ct status dnat', is({ ct: { key: 'status' } }, 'dnat', 'in'), 'no'],
    ['ct original proto-dst 22', is({ ct: { key: 'proto-dst', dir: 'original' } }, 22), 'yes'],
    ['fib daddr type local', is({ fib: { result: 'type', flags: ['daddr'] } }, 'local'), 'yes'],
    ['fib saddr . iif oif missing', is({ fib: { result: 'oif', flags: ['saddr', 'iif'] } }, false), 'no'],
    [
      'tcp flags & (fin|syn|rst|ack) == syn',
      is({ '&': [payload('tcp', 'flags'), ['fin', 'syn', 'rst', 'ack']] }, 'syn'),
      'yes',
    ],
    ['tcp flags syn,ack', is(payload('tcp', 'flags'), ['syn', 'ack'], 'in'), 'yes'],
    ['tcp flags rst', is(payload('tcp', 'flags'), 'rst', 'in'), 'no'],
    [
      'ip saddr . tcp dport { … }',
      is(
        { concat: [payload('ip', 'saddr'), DPORT] },
        { set: [{ concat: [{ prefix: { addr: '198.51.100.0', len: 24 } }, 22] }] },
      ),
      'yes',
    ],
    ['icmp type echo-request', is(payload('icmp', 'type'), 'echo-request'), 'no'],
    ['ip dscp cs1', is(payload('ip', 'dscp'), 'cs1'), 'unsure'],
    ['ip6 hoplimit 1', is(payload('ip6', 'hoplimit'), 1), 'no'],
    ['exthdr frag exists', is({ exthdr: { name: 'frag' } }, true), 'no'],
    ['meta skuid 0', is(meta('skuid'), 0), 'unsure'],
    ['limit rate 3/second', { limit: { rate: 3, per: 'second' } }, 'unsure'],
    ['a statement of another year', { surprise: 1 }, 'unsure'],
    ['a match of iptables', { xt: { type: 'match', name: 'conntrack' } }, 'unsure'],
    ['counter', { counter: { packets: 0, bytes: 0 } }, 'yes'],
    ['log', { log: { prefix: 'x' } }, 'yes'],
    ['tcp dport <= 21', is(DPORT, 21, '<='), 'no'],
    ['meta mark & 0xff > 0', is({ '&': [meta('mark'), 255] }, 0, '>'), 'no'],
    ['ct mark 0', is({ ct: { key: 'mark' } }, 0), 'yes'],
    ['ip6 nexthdr tcp', is(payload('ip6', 'nexthdr'), 'tcp'), 'no'],
    ['fib saddr type local', is({ fib: { result: 'type', flags: ['saddr'] } }, 'local'), 'no'],
    ['exthdr frag missing', is({ exthdr: { name: 'frag' } }, false), 'yes'],
    ['meta pkttype broadcast', is(meta('pkttype'), 'broadcast'), 'no'],
    ['meta nfproto of another kind', is(meta('nfproto'), 'arp'), 'no'],
    [
      'ip saddr 198.51.100.0-198.51.100.9',
      is(payload('ip', 'saddr'), { range: ['198.51.100.0', '198.51.100.9'] }),
      'yes',
    ],
    ['return', { return: null }, 'no'],
    ['masquerade', { masquerade: null }, 'no'],
    ['ip dscp set cs1', { mangle: { key: payload('ip', 'dscp'), value: 'cs1' } }, 'yes'],
  ])('%s', (_, step, wanted) => {
    expect(fits(step)).toBe(wanted);
  });

  // docs/check.md: only what holds either way is said for sure.
  test.each([
    ['a name where a number belongs', is(DPORT, 'ssh', '>')],
    ['a number that is none', is(DPORT, -1)],
    ['half a range', is(DPORT, { range: [20] })],
    ['a prefix of what is no address', is(payload('ip', 'saddr'), { prefix: { addr: 'here', len: 24 } })],
    ['a prefix without a length', is(payload('ip', 'saddr'), { prefix: { addr: '198.51.100.0' } })],
    ['a name for an address', is(payload('ip', 'saddr'), 'somebody')],
    ['an interface by its number', is(meta('iif'), 2)],
    ['a type of packet by its number', is(meta('pkttype'), 2)],
    ['a flag of TCP that is not known', is(payload('tcp', 'flags'), 'nonce', 'in')],
    ['a field of TCP', is(payload('tcp', 'window'), 1)],
    ['a mask that is no number', is({ '&': [meta('mark'), 'low'] }, 0)],
    ['a mask over what is not known', is({ '&': [meta('cpu'), 1] }, 0)],
    ['bytes by their offset', is({ payload: { base: 'th', offset: 0, len: 16 } }, 22)],
    ['a key without its name', is({ meta: {} }, 1)],
    ['connection tracking without its key', is({ ct: {} }, 1)],
    ['the address of one direction', is({ ct: { key: 'saddr', dir: 'original' } }, '198.51.100.7')],
    ['where a destination is routed', is({ fib: { result: 'oif', flags: ['daddr'] } }, 'eth0')],
    ['a route that is there', is({ fib: { result: 'oif', flags: ['saddr', 'iif'] } }, true)],
    ['fib without flags', is({ fib: null }, 'local')],
    ['two fields, one of them not known', is({ concat: [meta('cpu'), DPORT] }, { concat: [0, 22] })],
    ['a left side that is a number', is(5, 22)],
    ['a match without sides', { match: null }],
    ['a statement that is a word', 'drop it'],
    ['a jump to nowhere', { jump: {} }],
  ])('in doubt: %s', (_, step) => {
    expect(fits(step)).toBe('unsure');
  });

  test('by marks that a rule before has set', () => {
    const mark = (value: unknown): object => ({ mangle: { key: meta('mark'), value } });
    expect(fits(mark(1), is(meta('mark'), 1))).toBe('yes');
    expect(fits(mark(1), is(meta('mark'), 2))).toBe('no');
    expect(fits(mark({ numgen: {} }), is(meta('mark'), 1))).toBe('unsure');
  });

  test('by the state that a packet in the midst of a connection has', () => {
    const midst = (step: object): string =>
      shortly(walk(read([step, { drop: null }])?.ruleset ?? [], { state: 'established' }));
    expect(midst(is(STATE, 'established', 'in'))).toBe('dropped by 1');
    expect(midst(is(payload('tcp', 'flags'), 'ack', 'in'))).toBe('dropped by 1');
    expect(midst(is({ ct: { key: 'mark' } }, 0))).toMatch(/^unsure/);
    expect(midst(is({ ct: { key: 'status' } }, 'dnat', 'in'))).toMatch(/^unsure/);
  });

  test('by flags of TCP no datagram', () => {
    const fate = walk(
      read([is(payload('th', 'dport'), 22), is({ '&': [payload('tcp', 'flags'), 2] }, 0), { drop: null }])?.ruleset ??
        [],
      {
        protocol: 'udp',
      },
    );
    expect(shortly(fate)).toBe('arrives 22');
  });
});

describe('a verdict', () => {
  const fate = (...expr: readonly unknown[]): string => shortly(walk(read(expr)?.ruleset ?? []));

  test.each([
    ['reject', [{ reject: null }], 'dropped by 1'],
    // nft leaves out `meta nfproto` and `meta l4proto` where this says the same.
    ['reject with icmpv6', [{ reject: { type: 'icmpv6', expr: 'admin-prohibited' } }], 'arrives 22'],
    ['reject with tcp reset', [{ reject: { type: 'tcp reset' } }], 'dropped by 1'],
    ['tcp dport vmap @verdicts', [{ vmap: { key: DPORT, data: '@verdicts' } }], 'dropped by 1'],
    ['tcp dport vmap { 23 : drop }', [{ vmap: { key: DPORT, data: { set: [[23, { drop: null }]] } } }], 'arrives 22'],
    ['ct state vmap', [{ vmap: { key: STATE, data: { set: [['new', { drop: null }]] } } }], 'dropped by 1'],
    ['vmap of what is not known', [{ vmap: { key: meta('cpu'), data: '@verdicts' } }], 'unsure: vmap'],
    ['queue', [{ queue: { num: 1 } }], 'unsure: queue'],
    ['vmap that names an unknown map', [{ vmap: { key: DPORT, data: '@unknown' } }], 'unsure: vmap'],
    ['vmap without a key', [{ vmap: null }], 'unsure: vmap'],
    [
      'vmap with what is no verdict',
      [{ vmap: { key: DPORT, data: { set: [22, [22, { continue: null }], [23, { drop: null }]] } } }],
      'arrives 22',
    ],
    ['jump to a chain that is not there', [{ jump: { target: 'x' } }], 'unsure: the chain x is not known'],
    ['reject with icmp', [{ reject: { type: 'icmp', expr: 'host-prohibited' } }], 'dropped by 1'],
    ['a target of iptables', [{ xt: { type: 'target', name: 'TARPIT' } }], 'unsure: xt'],
  ])('%s', (_, expr, wanted) => {
    expect(fate(...expr)).toBe(wanted);
  });

  test('NAT', () => {
    const nat = (...expr: readonly unknown[]): string =>
      shortly(walk(read(expr, { type: 'nat', hook: 'prerouting', prio: -100, policy: 'accept' })?.ruleset ?? []));
    expect(nat({ redirect: { port: 23 } })).toBe('arrives 23');
    expect(nat({ dnat: { family: 'ip', addr: '10.0.0.5', port: 80 } })).toBe('forwarded 80');
    expect(nat({ dnat: { family: 'ip6', addr: '2001:db8::5' } })).toBe('arrives 22');
    const map = (port: number): object => ({
      dnat: { family: 'ip', addr: { map: { key: DPORT, data: { set: [[port, '10.0.0.5']] } } } },
    });
    expect(nat(map(81))).toBe('arrives 22');
    expect(nat(map(22))).toBe('unsure: where it sends the packet is not known');
    expect(nat({ redirect: null })).toBe('arrives 22');
    expect(nat({ dnat: { family: 'ip', addr: 'somewhere' } })).toMatch(/^unsure/);
    expect(nat({ redirect: { port: { map: { key: DPORT, data: { set: [[22, 23]] } } } } })).toMatch(/^unsure/);
    expect(nat({ redirect: { port: { map: { key: DPORT, data: { set: [81] } } } } })).toBe('arrives 22');
    expect(nat({ redirect: { port: { map: { key: DPORT, data: '@empty' } } } })).toBe('arrives 22');
    expect(nat({ redirect: { port: { map: { key: DPORT, data: '@unknown' } } } })).toMatch(/^unsure/);
    expect(nat({ redirect: { port: { map: { key: meta('cpu'), data: '@empty' } } } })).toMatch(/^unsure/);
  });

  test('that leaves connection tracking out', () => {
    const raw = read([{ notrack: null }], { type: 'filter', hook: 'prerouting', prio: -300, policy: 'accept' });
    const drops = read([is(STATE, 'untracked', 'in'), { drop: null }]);
    expect(shortly(walk([...(raw?.ruleset ?? []), ...(drops?.ruleset ?? [])]))).toBe('dropped by 1');
    expect(shortly(walk(drops?.ruleset ?? []))).toBe('arrives 22');
  });
});

describe('a listing', () => {
  test('gives each rule its text, counters without their numbers', () => {
    const rule = read([{ drop: null }])?.ruleset[0]?.rules[0];
    expect(rule?.text).toBe('tcp dport { 1, 2 } counter drop');
  });

  test('has the interfaces of ingress, which the JSON leaves out', () => {
    const json = JSON.stringify({
      nftables: [
        {
          chain: {
            family: 'netdev',
            table: 'n',
            name: 'c',
            handle: 1,
            type: 'filter',
            hook: 'ingress',
            prio: -500,
            policy: 'drop',
          },
        },
      ],
    });
    const listing = (devices: string): string =>
      `table netdev n { # handle 1\n\tchain c { # handle 1\n\t\ttype filter hook ingress ${devices} priority -500; policy drop;\n\t}\n}\n`;
    for (const devices of ['device "eth0"', 'devices = { eth0, eth1 }']) {
      const ruleset = readNftRuleset(json, listing(devices))?.ruleset ?? [];
      expect(shortly(walk(ruleset)), devices).toBe('dropped by policy');
      expect(shortly(walk(ruleset, { comesIn: 'eth9', from: ip('192.0.2.9') }))).toBe('arrives 22');
    }
  });

  test('has no chains of bridges and ARP, and no hooks that are not known', () => {
    const chains = (...list: readonly object[]) =>
      readNftRuleset(JSON.stringify({ nftables: list.map((chain) => ({ chain })) }), '')?.ruleset ?? [];
    const hooked = { type: 'filter', hook: 'input', policy: 'drop' };
    expect(chains({ family: 'bridge', table: 't', name: 'c', ...hooked })).toEqual([]);
    expect(chains({ family: 'arp', table: 't', name: 'c', ...hooked })).toEqual([]);
    const [known] = chains({ family: 'ip', table: 't', name: 'c', ...hooked });
    // Without a number it is the one of the middle.
    expect(known?.base).toMatchObject({ hook: 'input', priority: 0, policy: 'drop' });
    expect(chains({ family: 'ip', table: 't', name: 'c', ...hooked, hook: 'later' })[0]?.base).toBeUndefined();
  });

  test('names the tables that only iptables can show', () => {
    expect(read([{ xt: { type: 'match', name: 'set' } }])?.opaque).toEqual(['inet f']);
    expect(read([{ drop: null }])?.opaque).toEqual([]);
  });

  test.each(['', 'nonsense', '{}', '{"nftables":5}', '[1]'])('%j is none', (text) => {
    expect(readNftRuleset(text, '')).toBeUndefined();
  });
});
