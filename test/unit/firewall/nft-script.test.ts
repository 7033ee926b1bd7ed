import { describe, expect, test } from 'vitest';
import { type Port, steadyMs } from '../../../src/base/units.ts';
import {
  changeScript,
  fillScript,
  flushScript,
  guardScript,
  probeScript,
  probeTrialScript,
} from '../../../src/firewall/nft-script.ts';
import { type FirewallChange, layAddress, layOpenings } from '../../../src/firewall/opening.ts';
import type { Forwarding } from '../../../src/grant/forwarding.ts';
import { grantOf, ports } from '../values.ts';
import { forwardingTo, openingOf } from './openings.ts';

const NOW = steadyMs(1000);

/** `ends`: when the guard ends by itself. */
const guardOf = (guard: string, forwards = false, ends?: number, cuts = false): string =>
  guardScript({ guard: ports(guard), forwards, cuts, guardEnds: ends === undefined ? undefined : steadyMs(ends) }, NOW);

const script = (change: Partial<FirewallChange>): string[] =>
  changeScript({ close: [], open: [], ...change }, NOW)
    .split('\n')
    .slice(0, -1);

describe('the guard', () => {
  test('is one transaction that makes the table anew', () => {
    expect(guardOf('tcp/22 tcp/8000-8010 udp/53')).toBe(`add table inet spad
delete table inet spad
add table inet spad
add set inet spad grant4 { type ipv4_addr . inet_proto . inet_service; size 1048576; flags timeout; }
add set inet spad grant6 { type ipv6_addr . inet_proto . inet_service; size 1048576; flags timeout; }
add set inet spad range4 { type ipv4_addr . inet_proto . inet_service; size 1048576; flags timeout, interval; }
add set inet spad range6 { type ipv6_addr . inet_proto . inet_service; size 1048576; flags timeout, interval; }
add chain inet spad guard { type filter hook prerouting priority -150; policy accept; }
add rule inet spad guard ct state established,related accept
add rule inet spad guard meta l4proto . th dport != { tcp . 22, tcp . 8000-8010, udp . 53 } accept
add rule inet spad guard iif "lo" accept
add rule inet spad guard fib daddr type != local accept
add rule inet spad guard ip saddr . meta l4proto . th dport @grant4 accept
add rule inet spad guard ip6 saddr . meta l4proto . th dport @grant6 accept
add rule inet spad guard ip saddr . meta l4proto . th dport @range4 accept
add rule inet spad guard ip6 saddr . meta l4proto . th dport @range6 accept
add rule inet spad guard counter drop
`);
  });

  test('of nothing drops nothing', () => {
    expect(guardOf('')).not.toContain('add rule');
    expect(guardOf('')).not.toContain('{  }');
  });

  test('that ends by itself has its ports in a timed set, and nothing else is different', () => {
    const lines = guardOf('tcp/22 tcp/8000-8010 udp/53', false, 61_000.5).split('\n');
    const timed = [
      'add set inet spad trial { type inet_proto . inet_service; flags timeout, interval; }',
      'add element inet spad trial { tcp . 22 timeout 60001ms, tcp . 8000-8010 timeout 60001ms, udp . 53 timeout 60001ms }',
    ];
    expect(lines).toEqual(expect.arrayContaining(timed));
    const lasting = guardOf('tcp/22 tcp/8000-8010 udp/53').replace('{ tcp . 22, tcp . 8000-8010, udp . 53 }', '@trial');
    expect(lines.filter((line) => !timed.includes(line))).toEqual(lasting.split('\n'));
    expect(guardOf('', false, 61_000)).toBe(guardOf(''));
  });

  test('that ends by itself is looked for as elements are', () => {
    expect(probeTrialScript(ports('tcp/22 udp/53-54'))).toBe(
      'delete element inet spad trial { tcp . 22, udp . 53-54 }',
    );
  });

  test('the drop is the last word', () => {
    expect(guardOf('tcp/22').trimEnd().split('\n').at(-1)).toBe('add rule inet spad guard counter drop');
  });
});

describe('cutting', () => {
  test('takes two sets and a chain before connection tracking, there only where grants can cut', () => {
    const [without, both] = [false, true].map((cuts) => guardOf('tcp/22', false, undefined, cuts).split('\n'));
    expect(both?.filter((line) => !without?.includes(line))).toEqual([
      'add set inet spad strict4 { type ipv4_addr . inet_proto . inet_service; size 1048576; flags timeout; }',
      'add set inet spad strict6 { type ipv6_addr . inet_proto . inet_service; size 1048576; flags timeout; }',
      'add set inet spad strictrange4 { type ipv4_addr . inet_proto . inet_service; size 1048576; flags timeout, interval; }',
      'add set inet spad strictrange6 { type ipv6_addr . inet_proto . inet_service; size 1048576; flags timeout, interval; }',
      'add chain inet spad cut { type filter hook prerouting priority -300; policy accept; }',
      'add chain inet spad granted',
      'add rule inet spad granted ip saddr . meta l4proto . th dport @grant4 accept',
      'add rule inet spad granted ip6 saddr . meta l4proto . th dport @grant6 accept',
      'add rule inet spad granted ip saddr . meta l4proto . th dport @range4 accept',
      'add rule inet spad granted ip6 saddr . meta l4proto . th dport @range6 accept',
      'add rule inet spad granted counter drop',
      'add rule inet spad cut meta l4proto . th dport != { tcp . 22 } accept',
      'add rule inet spad cut iif "lo" accept',
      'add rule inet spad cut fib daddr type != local accept',
      'add rule inet spad cut ip saddr . meta l4proto . th dport @strict4 goto granted',
      'add rule inet spad cut ip6 saddr . meta l4proto . th dport @strict6 goto granted',
      'add rule inet spad cut ip saddr . meta l4proto . th dport @strictrange4 goto granted',
      'add rule inet spad cut ip6 saddr . meta l4proto . th dport @strictrange6 goto granted',
    ]);
    expect(guardOf('', false, undefined, true)).not.toContain('add rule');
  });

  test('outlasts the grant by five days, in a set of its own', () => {
    const grant = grantOf('192.0.2.1', 'tcp/22 tcp/8000-8010', NOW + 1000);
    expect(script({ open: layAddress({ live: [grant], cutting: [grant] }) }).slice(-4)).toEqual([
      'add element inet spad grant4 { 192.0.2.1 . tcp . 22 timeout 1000ms }',
      'add element inet spad range4 { 192.0.2.1 . tcp . 8000-8010 timeout 1000ms }',
      'add element inet spad strict4 { 192.0.2.1 . tcp . 22 timeout 432001s0ms }',
      'add element inet spad strictrange4 { 192.0.2.1 . tcp . 8000-8010 timeout 432001s0ms }',
    ]);
  });
});

test('a timeout of more than eight digits of milliseconds is written in seconds, for nft reads no more', () => {
  const until = (time: number): string =>
    script({ open: layOpenings([grantOf('192.0.2.1', 'tcp/22', NOW + time)]) }).at(-1) ?? '';
  expect(until(99_999_999)).toContain('timeout 99999999ms');
  expect(until(100_000_000)).toContain('timeout 100000s0ms');
  expect(until(31_536_000_001)).toContain('timeout 31536000s1ms');
});

test('flush is no error where there is no table', () => {
  expect(flushScript()).toBe('add table inet spad\ndelete table inet spad\n');
});

describe('forwarding', () => {
  const added = (address: string, port: string, forwarding: Forwarding): string[] =>
    script({ open: [openingOf(address, port, 31_000, forwarding)] }).filter((line) => / timeout (?!1d)/.test(line));

  test('has chains of its own, which are not there where no grant can forward', () => {
    const without = guardOf('tcp/22');
    const both = guardOf('tcp/22', true);
    expect(without).not.toMatch(/nat|map/);
    expect(both).toContain('add chain inet spad forwarding { type nat hook prerouting priority -101; policy accept; }');
    expect(both).toContain('add chain inet spad sources { type nat hook postrouting priority 99; policy accept; }');
    for (const line of without.trimEnd().split('\n')) expect(both.split('\n')).toContain(line);
  });

  test('touches only what was sent to this host, and the source only of what it has forwarded itself', () => {
    const rules = guardOf('', true).split('\n');
    const [first, ...more] = rules.filter((line) => line.startsWith('add rule inet spad forwarding '));
    expect(first).toBe('add rule inet spad forwarding fib daddr type != local accept');
    expect(more).toHaveLength(6);
    for (const line of more) expect(line).toMatch(/ip6? saddr \. meta l4proto \. th dport map @/);
    const sources = rules.filter((line) => line.startsWith('add rule inet spad sources '));
    expect(sources).toHaveLength(8);
    for (const line of sources) {
      expect(line).toMatch(/ct status dnat .*ip6? saddr \. ip6? daddr \. meta l4proto \. ct original proto-dst/);
    }
  });

  test.each([
    [
      'a port of an inner host',
      'tcp/2222',
      forwardingTo('10.0.0.5', 22),
      'forward4 { 192.0.2.1 . tcp . 2222 T : 10.0.0.5 . 22 }',
    ],
    [
      'the same port of an inner host',
      'udp/53',
      forwardingTo('10.0.0.5'),
      'forward4 { 192.0.2.1 . udp . 53 T : 10.0.0.5 . 53 }',
    ],
    ['the same ports', 'tcp/1-65535', forwardingTo('10.0.0.5'), 'through4 { 192.0.2.1 . tcp . 1-65535 T : 10.0.0.5 }'],
    [
      'another port of this host',
      'tcp/2222',
      forwardingTo(undefined, 8022),
      'local4 { 192.0.2.1 . tcp . 2222 T : 8022 }',
    ],
  ])('to %s', (_, port, forwarding, target) => {
    const [pass, ...more] = added('192.0.2.1', port, forwarding);
    // The pass through the guard is added before, and ends before.
    expect(pass).toMatch(/^add element inet spad (grant4|range4) \{ 192\.0\.2\.1 \. .* timeout 29980ms \}$/);
    expect(more).toEqual([`add element inet spad ${target.replace('T', 'timeout 30000ms')}`]);
  });

  test.each([
    ['masquerade' as const, 'masquerade6 { 2001:db8::1 . fd00::5 . tcp . 2222 timeout 30000ms }'],
    ['fd00::1', 'source6 { 2001:db8::1 . fd00::5 . tcp . 2222 timeout 30000ms : fd00::1 }'],
  ])('with another source', (source, element) => {
    const lines = added('2001:db8::1', 'tcp/2222', forwardingTo('fd00::5', 22, source));
    expect(lines).toHaveLength(3);
    expect(lines[2]).toBe(`add element inet spad ${element}`);
  });

  test('to the same port of this host is no forwarding', () => {
    const lines = added('192.0.2.1', 'tcp/22', { to: undefined, port: undefined, source: 'client' });
    expect(lines.map((line) => line.split(' ')[4])).toEqual(['grant4']);
  });

  test('is taken away with its value, whatever comes instead', () => {
    const before = openingOf('192.0.2.1', 'tcp/22', 31_000, forwardingTo('10.0.0.5', 22, 'masquerade'));
    const lines = script({
      close: [before],
      open: [openingOf('192.0.2.1', 'tcp/22', 31_000, forwardingTo('10.0.0.6', 23))],
    });
    const deleted = lines.indexOf('delete element inet spad forward4 { 192.0.2.1 . tcp . 22 : 10.0.0.5 . 22 }');
    expect(deleted).toBeGreaterThan(0);
    expect(lines.findIndex((line) => line.includes('10.0.0.6'))).toBeGreaterThan(deleted);
    expect(lines).toContain('delete element inet spad masquerade4 { 192.0.2.1 . 10.0.0.5 . tcp . 22 }');
  });

  test('the pass has a timeout even in the last moment, for none would be for ever', () => {
    const lines = script({ open: [openingOf('192.0.2.1', 'tcp/22', 1001, forwardingTo('10.0.0.5', 22))] });
    expect(lines).toContain('add element inet spad grant4 { 192.0.2.1 . tcp . 22 timeout 1ms }');
  });

  test('a probe deletes every element once, and adds none', () => {
    const lines = probeScript([
      openingOf('192.0.2.1', 'tcp/22', 31_000, forwardingTo('10.0.0.5', 22, 'masquerade')),
    ]).split('\n');
    expect(lines.map((line) => line.split(' ').slice(0, 5).join(' '))).toEqual([
      'delete element inet spad grant4',
      'delete element inet spad forward4',
      'delete element inet spad masquerade4',
    ]);
  });
});

describe('a change', () => {
  test('opens one port: added, deleted, added with what is left of its time', () => {
    expect(script({ open: [openingOf('192.0.2.1', 'tcp/22', 31_000)] })).toEqual([
      'add element inet spad grant4 { 192.0.2.1 . tcp . 22 timeout 1d }',
      'delete element inet spad grant4 { 192.0.2.1 . tcp . 22 }',
      'add element inet spad grant4 { 192.0.2.1 . tcp . 22 timeout 30000ms }',
    ]);
  });

  test('closes one port, whether or not the kernel has done so already', () => {
    expect(script({ close: [openingOf('2001:db8::1', 'udp/53', 31_000)] })).toEqual([
      'add element inet spad grant6 { 2001:db8::1 . udp . 53 timeout 1d }',
      'delete element inet spad grant6 { 2001:db8::1 . udp . 53 }',
    ]);
  });

  test('every kind has its set, and each set one statement', () => {
    const open = [
      openingOf('192.0.2.1', 'tcp/22', 2000),
      openingOf('192.0.2.2', 'tcp/22', 3000),
      openingOf('2001:db8::1', 'tcp/22', 2000),
      openingOf('192.0.2.1', 'tcp/8000-8010', 2000),
      openingOf('2001:db8::1', 'udp/1-65535', 2000),
    ];
    expect(script({ open }).slice(-4)).toEqual([
      'add element inet spad grant4 { 192.0.2.1 . tcp . 22 timeout 1000ms, 192.0.2.2 . tcp . 22 timeout 2000ms }',
      'add element inet spad grant6 { 2001:db8::1 . tcp . 22 timeout 1000ms }',
      'add element inet spad range4 { 192.0.2.1 . tcp . 8000-8010 timeout 1000ms }',
      'add element inet spad range6 { 2001:db8::1 . udp . 1-65535 timeout 1000ms }',
    ]);
    expect(script({ open })).toHaveLength(12);
  });

  test('what is closed is gone before anything is added, for ranges may not overlap', () => {
    const lines = script({
      close: [openingOf('192.0.2.1', 'tcp/10-20', 9000)],
      open: [openingOf('192.0.2.1', 'tcp/15-30', 9000)],
    });
    const closed = lines.indexOf('delete element inet spad range4 { 192.0.2.1 . tcp . 10-20 }');
    const opened = lines.findIndex((line) => line.includes('15-30'));
    expect(closed).toBeGreaterThanOrEqual(0);
    expect(closed).toBeLessThan(opened);
  });

  test('a part of a millisecond counts as a whole one, so that no timeout is zero', () => {
    expect(script({ open: [openingOf('192.0.2.1', 'tcp/22', 1000.25)] }).at(-1)).toContain('timeout 1ms ');
  });

  // The kernel may still hold an older, longer timeout under the same key.
  test('an opening that has ended is taken away and not added', () => {
    for (const ends of [1000, 999, 0])
      expect(script({ open: [openingOf('192.0.2.1', 'tcp/22', ends)] })).toEqual([
        'add element inet spad grant4 { 192.0.2.1 . tcp . 22 timeout 1d }',
        'delete element inet spad grant4 { 192.0.2.1 . tcp . 22 }',
      ]);
  });

  test('of nothing is an empty script', () => {
    expect(script({})).toEqual([]);
  });

  test('the port 65535', () => {
    expect(openingOf('192.0.2.1', 'tcp/65535', 5000).last).toBe(65_535 as Port);
  });
});

test('sets that are new are filled without a look at what was there, and not with what has ended', () => {
  const openings = [openingOf('192.0.2.1', 'tcp/22', 31_000), openingOf('192.0.2.2', 'tcp/22', 1000)];
  expect(fillScript(openings, NOW)).toBe('add element inet spad grant4 { 192.0.2.1 . tcp . 22 timeout 30000ms }\n');
});
