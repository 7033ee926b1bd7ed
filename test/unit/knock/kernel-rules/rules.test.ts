/** Whole rulesets, compared with text that was read line by line, and loaded (test/e2e/compile*.test.ts). */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseCidr } from '../../../../src/base/address.ts';
import { iptablesRules } from '../../../../src/knock/kernel-rules/iptables.ts';
import { readPresent, removalOf, staleChains } from '../../../../src/knock/kernel-rules/iptables-present.ts';
import { nftablesRemoval, nftablesRules } from '../../../../src/knock/kernel-rules/nftables.ts';
import { PAIR, plansOf, TIMED } from './doors.ts';

const golden = (name: string): string => readFileSync(new URL(`golden/${name}`, import.meta.url), 'utf8');

const [timed4, timed6] = plansOf(TIMED, [4, 6], true);
const [pair4] = plansOf(PAIR, [4]);
if (timed4 === undefined || timed6 === undefined || pair4 === undefined) throw new Error('no plan');

describe('nftables', () => {
  test('a timed door, both families, strict', () => {
    expect(nftablesRules([timed4, timed6], '/etc/knockd.conf')).toBe(golden('timed-strict.nft'));
  });

  test('a door that opens and one that closes, IPv4 alone', () => {
    expect(nftablesRules([pair4], '/etc/knockd.conf')).toBe(golden('pair.nft'));
  });

  test('taking away is no error where there is nothing', () => {
    expect(nftablesRemoval()).toBe('add table inet spad_knock\ndelete table inet spad_knock\n');
  });

  test('neither the file nor a door can get a line into the rules', () => {
    const text = nftablesRules(
      plansOf(`[a\u0085flush\u2028ruleset\r]\n${PAIR.slice('[open]\n'.length)}`, [4]),
      'a\nflush ruleset',
    );
    expect(text).not.toMatch(/^\s*flush/m);
    expect(text).toContain('from a\\u{a}flush ruleset');
    expect(text).toContain('"a\\u{85}flush');
  });
});

describe('iptables', () => {
  test('a timed door, strict', () => {
    expect(iptablesRules(timed4, '/etc/knockd.conf')).toBe(golden('timed-strict.v4'));
  });

  test('the same for IPv6, in lists of its own', () => {
    const [v4, v6] = [timed4, timed6].map((plan) => iptablesRules(plan, 'x').split('\n').slice(5));
    expect(v6).toEqual(v4?.map((line) => line.replaceAll('spad4-', 'spad6-')));
  });

  test('a door that opens and one that closes', () => {
    expect(iptablesRules(pair4, '/etc/knockd.conf')).toBe(golden('pair.v4'));
  });

  test('where a rule leads to our chains already, no second one is made', () => {
    const inserts = (text: string): string[] => text.split('\n').filter((line) => line.startsWith('-I'));
    expect(inserts(iptablesRules(timed4, 'x'))).toEqual(['-I PREROUTING 1 -j SPAD-KNOCK', '-I INPUT 1 -j SPAD-KNOCK']);
    expect(inserts(iptablesRules(timed4, 'x', ['filter']))).toEqual(['-I PREROUTING 1 -j SPAD-KNOCK']);
    expect(inserts(iptablesRules(timed4, 'x', ['filter', 'mangle']))).toEqual([]);
  });

  test('more than 15 ports are several matches; a range counts as two', () => {
    const ports = Array.from({ length: 16 }, (_, index) => String(7000 + 2 * index)).join(',');
    const ranges = Array.from({ length: 8 }, (_, index) => `${String(100 + 20 * index)}:${String(110 + 20 * index)}`);
    const open = `iptables -I INPUT -s %IP% -p tcp -m multiport --dports ${ranges.join(',')} -j ACCEPT`;
    const [plan] = plansOf(`[door]\nsequence = ${ports}\ncommand = ${open}\n`, [4]);
    const text = plan === undefined ? '' : iptablesRules(plan, 'x');
    const lists = [...text.matchAll(/--dports (\S+)/g)].map(([, list = '']) => list.split(/[,:]/).length);
    expect(Math.max(...lists)).toBeLessThanOrEqual(15);
    expect(text).toMatch(/--dport 7030 .*-g SPAD-KNOCK-SEEN/);
    expect(text).toMatch(/--dport 240:250 -j DROP/);
  });

  test('the name of a list says what it opens, and fits the kernel', () => {
    const many = Array.from({ length: 15 }, (_, index) => String(60_000 + 2 * index)).join(',');
    const open = `iptables -I INPUT -s %IP% -p tcp -m multiport --dports ${many} -j ACCEPT`;
    const [plan] = plansOf(`[door]\nsequence = 1,2\ncommand = ${open}\n`, [4]);
    const names =
      plan === undefined ? [] : [...iptablesRules(plan, 'x').matchAll(/--name (\S+)/g)].map(([, name = '']) => name);
    expect(names.some((name) => name.startsWith('spad4-1-open-tcp60000_tcp60002'))).toBe(true);
    expect(Math.max(...names.map((name) => name.length))).toBeLessThan(200);
  });
});

test('an allow-list of sources is asked before a packet counts', () => {
  const [plan] = plansOf(PAIR, [4]);
  const sources = ['192.0.2.0/24', '198.51.100.1'].map(parseCidr).filter((cidr) => cidr !== undefined);
  const limited = { family: 4 as const, guarded: [], doors: (plan?.doors ?? []).map((door) => ({ ...door, sources })) };
  const rules = nftablesRules([limited], 'x') + iptablesRules(limited, 'x');
  const entries = rules.split('\n').filter((line) => /dport (\{ )?700[01]\b/.test(line));
  expect(entries).toHaveLength(8);
  for (const line of entries)
    expect(line).toMatch(/ ip saddr \{ 192\.0\.2\.0\/24, 198\.51\.100\.1 \} | -s 192\.0\.2\.0\/24,198\.51\.100\.1 /);
});

describe('a door of datagrams at another host', () => {
  const CLOSING = `[open]
sequence = 7000:udp,7001:udp
target = 192.0.2.7
command = iptables -I INPUT -s %IP% -p tcp --dport 22 -j ACCEPT
[close]
sequence = 7002,7003:udp
tcpflags = !ack
command = iptables -D INPUT -s %IP% -p tcp --dport 22 -j ACCEPT
`;
  const [plan] = plansOf(CLOSING, [4], true);
  if (plan === undefined) throw new Error('no plan');

  test('nftables counts what is sent there, and looks at flags of TCP alone', () => {
    const text = nftablesRules([plan], 'x');
    expect(text).toContain('udp dport { 7000, 7001 }');
    expect(text).toMatch(/udp dport 7000 ip daddr 192\.0\.2\.7/);
    // Strict: a new connection over the protocol that the door has no knock of ends the attempt, too.
    expect(text).toMatch(/meta l4proto tcp ip daddr 192\.0\.2\.7/);
    expect(text).toMatch(/tcp dport 7002 tcp flags & \(ack\) == 0x0/);
    expect(text).not.toMatch(/udp dport [^\n]*tcp flags/);
  });

  test('iptables likewise', () => {
    const text = iptablesRules(plan, 'x');
    expect(text).toMatch(/-p udp -m udp --dport 7000 -d 192\.0\.2\.7 /);
    expect(text).toMatch(/-p tcp -m tcp --dport 7002 -m tcp --tcp-flags ACK NONE /);
    expect(text).not.toMatch(/-p udp [^\n]*--tcp-flags/);
    expect(text).toContain('SPAD-KNOCK-2-CLOSE');
  });
});

describe('what iptables holds of ours', () => {
  const listing = `-P PREROUTING ACCEPT
-N OTHER
-N SPAD-KNOCK
-N SPAD-KNOCK-1
-N SPAD-KNOCKER
-A PREROUTING -j SPAD-KNOCK
-A PREROUTING -i eth0 -j SPAD-KNOCK
-A PREROUTING -j OTHER
-A SPAD-KNOCK -j SPAD-KNOCK-1
`;
  const present = readPresent(listing);

  test('is read from its listing', () => {
    expect(present).toEqual({
      chains: ['SPAD-KNOCK', 'SPAD-KNOCK-1'],
      hooks: ['-A PREROUTING -j SPAD-KNOCK', '-A PREROUTING -i eth0 -j SPAD-KNOCK'],
    });
    expect(readPresent('-P INPUT ACCEPT\n')).toEqual({ chains: [], hooks: [] });
  });

  test('is taken away in one piece', () => {
    expect(removalOf('mangle', present)).toBe(`*mangle
-D PREROUTING -j SPAD-KNOCK
-D PREROUTING -i eth0 -j SPAD-KNOCK
-F SPAD-KNOCK
-F SPAD-KNOCK-1
-X SPAD-KNOCK
-X SPAD-KNOCK-1
COMMIT
`);
    expect(removalOf('filter', { chains: [], hooks: [] })).toBeUndefined();
  });

  test('goes where new rules do not have it any more', () => {
    expect(staleChains(present, '*mangle\n:SPAD-KNOCK - [0:0]\nCOMMIT\n')).toEqual(['SPAD-KNOCK-1']);
  });
});
