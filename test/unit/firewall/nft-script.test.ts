import { describe, expect, test } from 'vitest';
import { type Port, steadyMs } from '../../../src/base/units.ts';
import { changeScript, flushScript, guardScript } from '../../../src/firewall/nft-script.ts';
import { type FirewallChange, layOpenings, type Opening } from '../../../src/firewall/opening.ts';
import { grantOf, ports } from '../values.ts';

const NOW = steadyMs(1000);

/** The one opening of an address. */
const opening = (address: string, port: string, ends: number): Opening => {
  const [only, ...more] = layOpenings([grantOf(address, port, ends)]);
  if (only === undefined || more.length > 0) throw new Error(`${port} is not one opening`);
  return only;
};

const script = (change: Partial<FirewallChange>): string[] =>
  changeScript({ close: [], open: [], ...change }, NOW)
    .split('\n')
    .slice(0, -1);

describe('the guard', () => {
  test('is one transaction that makes the table anew', () => {
    expect(guardScript(ports('tcp/22 tcp/8000-8010 udp/53'))).toBe(`add table inet spad
delete table inet spad
add table inet spad
add set inet spad grant4 { type ipv4_addr . inet_proto . inet_service; size 65536; flags timeout; }
add set inet spad grant6 { type ipv6_addr . inet_proto . inet_service; size 65536; flags timeout; }
add set inet spad range4 { type ipv4_addr . inet_proto . inet_service; size 65536; flags timeout, interval; }
add set inet spad range6 { type ipv6_addr . inet_proto . inet_service; size 65536; flags timeout, interval; }
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
    expect(guardScript([])).not.toContain('add rule');
    expect(guardScript([])).not.toContain('{  }');
  });

  test('the drop is the last word', () => {
    expect(guardScript(ports('tcp/22')).trimEnd().split('\n').at(-1)).toBe('add rule inet spad guard counter drop');
  });
});

test('flush is no error where there is no table', () => {
  expect(flushScript()).toBe('add table inet spad\ndelete table inet spad\n');
});

describe('a change', () => {
  test('opens one port: added, deleted, added with what is left of its time', () => {
    expect(script({ open: [opening('192.0.2.1', 'tcp/22', 31_000)] })).toEqual([
      'add element inet spad grant4 { 192.0.2.1 . tcp . 22 timeout 1d }',
      'delete element inet spad grant4 { 192.0.2.1 . tcp . 22 }',
      'add element inet spad grant4 { 192.0.2.1 . tcp . 22 timeout 30000ms }',
    ]);
  });

  test('closes one port, whether or not the kernel has done so already', () => {
    expect(script({ close: [opening('2001:db8::1', 'udp/53', 31_000)] })).toEqual([
      'add element inet spad grant6 { 2001:db8::1 . udp . 53 timeout 1d }',
      'delete element inet spad grant6 { 2001:db8::1 . udp . 53 }',
    ]);
  });

  test('every kind has its set, and each set one statement', () => {
    const open = [
      opening('192.0.2.1', 'tcp/22', 2000),
      opening('192.0.2.2', 'tcp/22', 3000),
      opening('2001:db8::1', 'tcp/22', 2000),
      opening('192.0.2.1', 'tcp/8000-8010', 2000),
      opening('2001:db8::1', 'udp/1-65535', 2000),
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
      close: [opening('192.0.2.1', 'tcp/10-20', 9000)],
      open: [opening('192.0.2.1', 'tcp/15-30', 9000)],
    });
    const closed = lines.indexOf('delete element inet spad range4 { 192.0.2.1 . tcp . 10-20 }');
    const opened = lines.findIndex((line) => line.includes('15-30'));
    expect(closed).toBeGreaterThanOrEqual(0);
    expect(closed).toBeLessThan(opened);
  });

  test('a part of a millisecond counts as a whole one, so that no timeout is zero', () => {
    expect(script({ open: [opening('192.0.2.1', 'tcp/22', 1000.25)] }).at(-1)).toContain('timeout 1ms ');
  });

  // The kernel may still hold an older, longer timeout under the same key.
  test('an opening that has ended is taken away and not added', () => {
    for (const ends of [1000, 999, 0])
      expect(script({ open: [opening('192.0.2.1', 'tcp/22', ends)] })).toEqual([
        'add element inet spad grant4 { 192.0.2.1 . tcp . 22 timeout 1d }',
        'delete element inet spad grant4 { 192.0.2.1 . tcp . 22 }',
      ]);
  });

  test('of nothing is an empty script', () => {
    expect(script({})).toEqual([]);
  });

  test('the port 65535', () => {
    expect(opening('192.0.2.1', 'tcp/65535', 5000).last).toBe(65_535 as Port);
  });
});
