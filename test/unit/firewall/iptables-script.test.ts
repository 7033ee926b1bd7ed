import { describe, expect, test } from 'vitest';
import type { Family } from '../../../src/base/address.ts';
import { steadyMs } from '../../../src/base/units.ts';
import { NOTHING_WANTED, type Wanted } from '../../../src/firewall/desired.ts';
import { chainsOf } from '../../../src/firewall/iptables-chain.ts';
import { isListed, readListing } from '../../../src/firewall/iptables-listing.ts';
import type { RuleStyle } from '../../../src/firewall/iptables-rule.ts';
import { type Batch, changeBatch, installBatch, removeScript } from '../../../src/firewall/iptables-script.ts';
import type { Opening } from '../../../src/firewall/opening.ts';
import type { Forwarding } from '../../../src/grant/forwarding.ts';
import { ports } from '../values.ts';
import { forwardingTo, openingOf } from './openings.ts';

/** Ends are told on a clock that began with 2026. */
const RULES: RuleStyle = { distance: Date.UTC(2026, 0, 1), inSets: false };
const SETS: RuleStyle = { ...RULES, inSets: true };

const wantedOf = (guard: string, openings: readonly Opening[] = [], fields: Partial<Wanted> = {}): Wanted => ({
  ...{ ...NOTHING_WANTED, guard: ports(guard), openings },
  ...fields,
});

const install = (wanted: Wanted, style = RULES, family: Family = 4, listing = ''): Batch =>
  installBatch(chainsOf(family, wanted, wanted.forwards, style), readListing(listing));

const change = (change: { close?: readonly Opening[]; open?: readonly Opening[] }, style = RULES): Batch =>
  changeBatch(4, { close: [], open: [], ...change }, wantedOf('tcp/22'), true, style);

const one = openingOf('192.0.2.1', 'tcp/22', 30_000);
const range = openingOf('2001:db8::1', 'udp/8000-8010', 30_000);
const onward = openingOf('192.0.2.1', 'tcp/2222', 30_000, forwardingTo('10.0.0.5', 22, 'masquerade'));

describe('the whole', () => {
  test('guards before DNAT, and accepts in INPUT', () => {
    const wanted = wantedOf('tcp/22 tcp/8000-8010 udp/53', [one, range]);
    expect(install(wanted)).toEqual({
      first: `*filter
:SPAD-ACCEPT - [0:0]
-I INPUT 1 -j SPAD-ACCEPT
-A SPAD-ACCEPT -s 192.0.2.1/32 -p tcp -m tcp --dport 22 -m time --datestop 2026-01-01T00:00:30 -j ACCEPT
COMMIT
*mangle
:SPAD-GRANT - [0:0]
:SPAD-GUARD - [0:0]
-I PREROUTING 1 -j SPAD-GUARD
-A SPAD-GRANT -s 192.0.2.1/32 -p tcp -m tcp --dport 22 -m time --datestop 2026-01-01T00:00:30 -j RETURN
-A SPAD-GRANT -j DROP
-A SPAD-GUARD -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
-A SPAD-GUARD -i lo -j RETURN
-A SPAD-GUARD -m addrtype ! --dst-type LOCAL -j RETURN
-A SPAD-GUARD -p tcp -m tcp --dport 22 -g SPAD-GRANT
-A SPAD-GUARD -p tcp -m tcp --dport 8000:8010 -g SPAD-GRANT
-A SPAD-GUARD -p udp -m udp --dport 53 -g SPAD-GRANT
COMMIT
`,
      last: '',
    });
    expect(install(wanted, RULES, 6).first).toContain(
      '-A SPAD-GRANT -s 2001:db8::1/128 -p udp -m udp --dport 8000:8010 -m time --datestop 2026-01-01T00:00:30 -j RETURN\n',
    );
  });

  test('with sets, single ports are in them; ranges are rules', () => {
    const wide = openingOf('192.0.2.2', 'tcp/8000-8010', 30_000);
    expect(install(wantedOf('tcp/22', [one, wide]), SETS).first).toBe(`*filter
:SPAD-ACCEPT - [0:0]
-I INPUT 1 -j SPAD-ACCEPT
-A SPAD-ACCEPT -s 192.0.2.2/32 -p tcp -m tcp --dport 8000:8010 -m time --datestop 2026-01-01T00:00:30 -j ACCEPT
-A SPAD-ACCEPT -m set --match-set spad-grants4 src,dst -j ACCEPT
COMMIT
*mangle
:SPAD-GRANT - [0:0]
:SPAD-GUARD - [0:0]
-I PREROUTING 1 -j SPAD-GUARD
-A SPAD-GRANT -s 192.0.2.2/32 -p tcp -m tcp --dport 8000:8010 -m time --datestop 2026-01-01T00:00:30 -j RETURN
-A SPAD-GRANT -m set --match-set spad-grants4 src,dst -j RETURN
-A SPAD-GRANT -j DROP
-A SPAD-GUARD -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
-A SPAD-GUARD -i lo -j RETURN
-A SPAD-GUARD -m addrtype ! --dst-type LOCAL -j RETURN
-A SPAD-GUARD -p tcp -m tcp --dport 22 -g SPAD-GRANT
COMMIT
`);
  });

  test('a guard that ends is ended by the kernel', () => {
    const { first } = install(wantedOf('tcp/22', [], { guardEnds: steadyMs(60_000) }));
    expect(first).toContain('-A SPAD-GRANT -m time --datestop 2026-01-01T00:01:00 -j DROP\n');
  });

  test('where the kernel cannot end rules, they have no end', () => {
    const { first } = install(wantedOf('tcp/22', [one]), { distance: undefined, inSets: false });
    expect(first).toContain('-A SPAD-GRANT -s 192.0.2.1/32 -p tcp -m tcp --dport 22 -j RETURN\n');
    expect(first).not.toContain('time');
  });

  test('a guard of nothing sends nobody to the drop', () => {
    expect(install(wantedOf('')).first).not.toContain('-A SPAD-GUARD');
  });

  test('has what forwarding takes where grants can forward, before anybody may pass', () => {
    const { first, last } = install(wantedOf('tcp/2222', [onward], { forwards: true }));
    expect(last).toBe('');
    expect(first.slice(0, first.indexOf('*mangle'))).toBe(`*nat
:SPAD-FORWARD - [0:0]
:SPAD-SOURCE - [0:0]
-I PREROUTING 1 -j SPAD-FORWARD
-I POSTROUTING 1 -j SPAD-SOURCE
-A SPAD-FORWARD -m addrtype ! --dst-type LOCAL -j RETURN
-A SPAD-FORWARD -s 192.0.2.1/32 -p tcp -m tcp --dport 2222 -m time --datestop 2026-01-01T00:00:32 -j DNAT --to-destination 10.0.0.5:22
-A SPAD-SOURCE -s 192.0.2.1/32 -d 10.0.0.5/32 -p tcp -m tcp --dport 22 -m conntrack --ctstate DNAT --ctorigdstport 2222 -m time --datestop 2026-01-01T00:00:32 -j MASQUERADE
COMMIT
*filter
:SPAD-ACCEPT - [0:0]
:SPAD-ONWARD - [0:0]
-I INPUT 1 -j SPAD-ACCEPT
-I FORWARD 1 -j SPAD-ONWARD
-A SPAD-ONWARD -p tcp -m conntrack --ctstate DNAT --ctorigdstport 2222 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A SPAD-ONWARD -s 192.0.2.1/32 -d 10.0.0.5/32 -p tcp -m tcp --dport 22 -m conntrack --ctstate DNAT --ctorigdstport 2222 -m time --datestop 2026-01-01T00:00:30 -j ACCEPT
COMMIT
`);
  });
});

describe('forwarding', () => {
  const nat = (port: string, forwarding: Forwarding): string[] =>
    change({ open: [openingOf('192.0.2.1', port, 30_000, forwarding)] })
      .first.split('\n')
      .filter((line) => / -j (DNAT|REDIRECT|SNAT|ACCEPT)/.test(line))
      .map((line) => line.replace(/ -m time --datestop \S+/, '').replace(/^-I (\S+) \d -s 192\.0\.2\.1\/32 /, '$1 '));

  test.each([
    ['the same ports', 'udp/8000-8010', forwardingTo('10.0.0.5'), 'udp', '8000:8010', '10.0.0.5', '8000:8010'],
    ['another port', 'tcp/2222', forwardingTo('10.0.0.5', 22), 'tcp', '2222', '10.0.0.5:22', '22'],
  ])('to %s of an inner host', (_, port, to, protocol, outer, destination, inner) => {
    expect(nat(port, to)).toEqual([
      `SPAD-FORWARD -p ${protocol} -m ${protocol} --dport ${outer} -j DNAT --to-destination ${destination}`,
      `SPAD-ONWARD -d 10.0.0.5/32 -p ${protocol} -m ${protocol} --dport ${inner} -m conntrack --ctstate DNAT --ctorigdstport ${outer} -j ACCEPT`,
    ]);
  });

  test('to another port of this host, which is accepted in INPUT for what was sent there alone', () => {
    expect(nat('tcp/2222', forwardingTo(undefined, 8022))).toEqual([
      'SPAD-FORWARD -p tcp -m tcp --dport 2222 -j REDIRECT --to-ports 8022',
      'SPAD-ACCEPT -p tcp -m tcp --dport 8022 -m conntrack --ctstate DNAT --ctorigdstport 2222 -j ACCEPT',
    ]);
  });

  test('with another source', () => {
    expect(nat('tcp/2222', forwardingTo('10.0.0.5', 22, '10.0.0.9')).at(1)).toBe(
      'SPAD-SOURCE -d 10.0.0.5/32 -p tcp -m tcp --dport 22 -m conntrack --ctstate DNAT --ctorigdstport 2222 -j SNAT --to-source 10.0.0.9',
    );
  });

  test('of IPv6 writes the port after brackets', () => {
    const open = [openingOf('2001:db8::1', 'tcp/2222', 30_000, forwardingTo('fd00::5', 22))];
    const { first } = changeBatch(6, { close: [], open }, wantedOf(''), true, RULES);
    expect(first).toContain('-j DNAT --to-destination [fd00::5]:22\n');
  });

  test('opens where to before who, and closes who before where to', () => {
    const order = (batch: Batch): string[] =>
      [...(batch.first + batch.last).matchAll(/^(?:\*|-)(nat|filter|mangle|I \S+|D \S+)/gm)].map(
        ([, word = '']) => word,
      );
    expect(order(change({ open: [onward] }))).toEqual([
      ...['nat', 'I SPAD-FORWARD', 'I SPAD-SOURCE', 'filter', 'I SPAD-ONWARD', 'mangle', 'I SPAD-GRANT'],
    ]);
    expect(order(change({ close: [onward] }))).toEqual([
      ...['filter', 'D SPAD-ONWARD', 'mangle', 'D SPAD-GRANT', 'nat', 'D SPAD-FORWARD', 'D SPAD-SOURCE'],
    ]);
    expect(change({ close: [onward] }).last).toContain('*nat');
  });

  test('elsewhere than before: the new way is there before the old one goes, and the pass stays', () => {
    const elsewhere = openingOf('192.0.2.1', 'tcp/2222', 30_000, forwardingTo('10.0.0.6', 22));
    const { first, last } = change({ close: [onward], open: [elsewhere] });
    expect(first).toContain('-I SPAD-FORWARD 2 ');
    expect(first).not.toContain('mangle');
    expect(last).toContain('-D SPAD-FORWARD ');
  });
});

describe('a change', () => {
  test('opens and closes', () => {
    expect(change({ open: [one] })).toEqual({
      first: `*filter
-I SPAD-ACCEPT 1 -s 192.0.2.1/32 -p tcp -m tcp --dport 22 -m time --datestop 2026-01-01T00:00:30 -j ACCEPT
COMMIT
*mangle
-I SPAD-GRANT 1 -s 192.0.2.1/32 -p tcp -m tcp --dport 22 -m time --datestop 2026-01-01T00:00:30 -j RETURN
COMMIT
`,
      last: '',
    });
    expect(change({ close: [one] }).first.replaceAll('-D', '-I')).toBe(
      change({ open: [one] }).first.replace(/ 1 -s/g, ' -s'),
    );
  });

  test('adds a longer end before it takes the old one out, in one step of each table', () => {
    const { first } = change({ close: [one], open: [{ ...one, ends: steadyMs(60_000) }] });
    for (const table of first.split('COMMIT\n').slice(0, 2)) {
      expect(table).toMatch(/^\*\S+\n-I .*T00:01:00 -j \S+\n-D .*T00:00:30 -j \S+\n$/);
    }
  });

  test('of an end within the same second is none', () => {
    expect(change({ close: [one], open: [{ ...one, ends: steadyMs(30_001) }] })).toEqual({ first: '', last: '' });
  });

  test('leaves what is in sets, and the other family, alone', () => {
    expect(change({ open: [one] }, SETS)).toEqual({ first: '', last: '' });
    expect(change({ open: [range] })).toEqual({ first: '', last: '' });
  });
});

/** As `iptables-save` prints it where a batch has been loaded, an operator's rules around ours. */
const saved = (wanted: Wanted, style = RULES): string => {
  const { first } = install(wanted, style);
  return first
    .replace(/^-I (\S+) 1 -j (\S+)\n/gm, ':$1 ACCEPT [12:345]\n-A $1 -j $2\n-A $1 -i eth9 -j ACCEPT\n')
    .replace('*mangle\n', '# by somebody\n*mangle\n');
};

describe('a listing', () => {
  const wanted = wantedOf('tcp/22 udp/53', [one, openingOf('192.0.2.9', 'tcp/80-81', 9000), onward], {
    forwards: true,
  });
  const text = saved(wanted);
  const shows = (listing: string): boolean => isListed(readListing(listing), chainsOf(4, wanted, true, RULES));

  test('of what is wanted is right', () => {
    expect(shows(text)).toBe(true);
  });

  test('may have openings in any order, and be spelt by another version', () => {
    const line = /^-A SPAD-GRANT -s .*\n/m.exec(text)?.[0] ?? '';
    expect(shows(text.replace(line, '').replace('-A SPAD-GRANT -j DROP', `${line}-A SPAD-GRANT -j DROP`))).toBe(true);
    expect(shows(text.replaceAll('RELATED,ESTABLISHED', 'ESTABLISHED,RELATED').replaceAll(' -m tcp', ''))).toBe(true);
  });

  test.each([
    ['is empty', () => ''],
    ['lacks a rule', (all: string) => all.replace(/^-A SPAD-GRANT -s .*\n/m, '')],
    ['lacks the drop', (all: string) => all.replace('-A SPAD-GRANT -j DROP\n', '')],
    ['has a rule more', (all: string) => all.replace('-A SPAD-GUARD', '-A SPAD-GUARD -j RETURN\n-A SPAD-GUARD')],
    ['has a rule twice', (all: string) => all.replace(/^(-A SPAD-GRANT -s .*\n)/m, '$1$1')],
    [
      'has a rule after the drop',
      (all: string) => all.replace(/(-A SPAD-GRANT -s .*\n)((?:.*\n)*?-A SPAD-GRANT -j DROP\n)/, '$2$1'),
    ],
    ['has the guard in another order', (all: string) => all.replace(/(-A SPAD-GUARD -i lo.*\n)(.*\n)/, '$2$1')],
    ['lacks a hook', (all: string) => all.replace('-A PREROUTING -j SPAD-GUARD\n', '')],
    ['has another rule first', (all: string) => all.replace('-A INPUT -j SPAD', '-A INPUT -j DROP\n-A INPUT -j SPAD')],
    ['has a hook twice', (all: string) => all.replace(/^(-A INPUT -j SPAD.*\n)/m, '$1$1')],
    ['has a hook elsewhere', (all: string) => all.replace(/^(-A INPUT -j SPAD.*\n)/m, '$1-A FORWARD -g SPAD-ACCEPT\n')],
    ['has another end', (all: string) => all.replace('T00:00:30', 'T00:00:31')],
    ['has a chain of ours too many', (all: string) => all.replace('*mangle\n', '*mangle\n:SPAD-PROBE - [0:0]\n')],
  ])('that %s is wrong', (_, edit) => {
    expect(edit(text)).not.toBe(text);
    expect(shows(edit(text))).toBe(false);
  });

  test('of forwarding that is not wanted any more is wrong', () => {
    expect(isListed(readListing(text), chainsOf(4, wanted, false, RULES))).toBe(false);
  });
});

describe('making it anew', () => {
  const wanted = wantedOf('tcp/22', [one, onward], { forwards: true });
  const again = (text: string, next = wanted): Batch => install(next, RULES, 4, text);

  test('leaves hooks that are right', () => {
    const { first, last } = again(saved(wanted));
    expect(first).not.toMatch(/-[ID] (PREROUTING|POSTROUTING|INPUT|FORWARD)/);
    expect(last).toBe('');
  });

  test('takes out every hook of its own, wherever, and puts each in first', () => {
    const text = saved(wanted)
      .replace(
        '-A INPUT -j SPAD-ACCEPT\n',
        '-A INPUT -i lo -j ACCEPT\n-A INPUT -j SPAD-ACCEPT\n-A INPUT -j SPAD-ACCEPT\n',
      )
      .replace('-A FORWARD -j', '-A DOCKER-USER -p tcp -m comment --comment "a b" -j SPAD-ONWARD\n-A FORWARD -j');
    expect(
      again(text)
        .first.split('\n')
        .filter((line) => /^-[ID]/.test(line)),
    ).toEqual([
      '-D INPUT -j SPAD-ACCEPT',
      '-D INPUT -j SPAD-ACCEPT',
      '-D DOCKER-USER -p tcp -m comment --comment "a b" -j SPAD-ONWARD',
      '-D FORWARD -j SPAD-ONWARD',
      '-I INPUT 1 -j SPAD-ACCEPT',
      '-I FORWARD 1 -j SPAD-ONWARD',
    ]);
  });

  test('forwards what was forwarded until the guard is the new one', () => {
    const { first, last } = again(saved(wanted), { ...wanted, openings: [one] });
    expect(first).toContain('-j DNAT --to-destination 10.0.0.5:22');
    expect(last).toMatch(/^\*nat\n:SPAD-FORWARD/);
    expect(last).not.toContain('DNAT');
  });

  test('takes forwarding away, after all else, where no grant can forward any more', () => {
    const { first, last } = again(saved(wanted), wantedOf('tcp/22'));
    expect(first).toContain('-D FORWARD -j SPAD-ONWARD\n');
    expect(first).toContain('-X SPAD-ONWARD\n');
    expect(first).not.toContain('nat');
    expect(last).toBe(`*nat
-D PREROUTING -j SPAD-FORWARD
-D POSTROUTING -j SPAD-SOURCE
-F SPAD-FORWARD
-F SPAD-SOURCE
-X SPAD-FORWARD
-X SPAD-SOURCE
COMMIT
`);
  });

  test('taking all away is nothing where nothing is, and touches nothing else', () => {
    expect(removeScript(readListing('*filter\n:INPUT DROP [0:0]\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n'))).toBe('');
    expect(removeScript(readListing(saved(wantedOf('tcp/22', [one]))))).toBe(`*filter
-D INPUT -j SPAD-ACCEPT
-F SPAD-ACCEPT
-X SPAD-ACCEPT
COMMIT
*mangle
-D PREROUTING -j SPAD-GUARD
-F SPAD-GRANT
-F SPAD-GUARD
-X SPAD-GRANT
-X SPAD-GUARD
COMMIT
`);
  });
});
