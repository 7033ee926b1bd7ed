/** docs/check.md: what becomes of a stranger, of somebody with a grant, and of a connection that stands. */
import { describe, expect, test } from 'vitest';
import type { HostFacts, Plan } from '../../../src/host/facts.ts';
import type { Finding } from '../../../src/host/finding.ts';
import { judgePorts, pictureOf } from '../../../src/host/judge-ports.ts';
import { formatReport, reportOn } from '../../../src/host/report.ts';
import { formatPortSpec } from '../../../src/base/port-spec.ts';
import type { Ruleset } from '../../../src/host/ruleset.ts';
import { cidr, ports } from '../values.ts';
import { facts, filter, plan, table } from './model.ts';

const found = (ruleset: Ruleset, wishes: Partial<Plan> = {}): readonly Finding[] =>
  judgePorts(pictureOf(facts({ ruleset }), plan(wishes)), plan(wishes));

const tags = (ruleset: Ruleset, wishes: Partial<Plan> = {}): string[] =>
  found(ruleset, wishes).map(({ severity, tag }) => `${severity} ${tag}`);

const looked = (changes: Partial<HostFacts>, wishes: Partial<Plan>): string[] => [
  ...new Set(pictureOf(facts(changes), plan(wishes)).map(({ spec }) => formatPortSpec(spec))),
];

describe('the ports that are looked at', () => {
  test('of a range are its first and those that something listens on', () => {
    expect(looked({}, { guard: ports('tcp/20-30') })).toEqual(['tcp/20', 'tcp/22']);
    expect(looked({ listeners: [] }, { guard: ports('udp/20-30') })).toEqual(['udp/20']);
  });

  test('are not the SPA port, which nothing is to answer on', () => {
    expect(looked({}, { guard: ports('tcp/22 udp/62201') })).toEqual(['tcp/22']);
  });
});

describe('without a grant', () => {
  test('a port is open where the firewall closes nothing itself, and no rule does', () => {
    const wishes: Partial<Plan> = { firewall: 'nft-set', guards: false };
    const [one] = found([], wishes);
    expect(one).toMatchObject({ tag: 'open-without-grant', severity: 'error', port: 'tcp/22' });
    expect(one?.cure).toContain('firewall = nft-set closes nothing itself');
    expect(tags(filter('INPUT -p tcp -j DROP'), wishes)).toEqual(['error open-without-grant']);
  });

  test('it cannot be told whether a rule closes a port that looks at more than the packet', () => {
    const unsure = filter('INPUT -m recent --update --seconds 60 --name x --rsource -j DROP');
    const [one] = found(unsure, { firewall: 'nft-set', guards: false });
    expect(one).toMatchObject({ tag: 'cannot-tell', severity: 'note' });
    expect(one?.message).toMatch(/^whether tcp\/22 is closed over IPv4 without a grant cannot be told: /);
  });

  test('the guard closes what a program may have let pass before', () => {
    const queued = table('raw', 'PREROUTING -p tcp -j NFQUEUE --queue-num 1');
    expect(pictureOf(facts({ ruleset: queued }), plan()).map(({ guarded }) => guarded?.kind)).toEqual([
      'dropped',
      'dropped',
    ]);
  });
});

describe('with a grant', () => {
  test('it cannot be told whether a rule drops that looks at more than the packet', () => {
    const [one, ...more] = found(filter('INPUT -m recent --update --seconds 60 --name x --rsource -j DROP'));
    expect(more).toEqual([]);
    expect(one).toMatchObject({ tag: 'cannot-tell', severity: 'note' });
    expect(one?.message).toMatch(/^whether a grant opens tcp\/22 over IPv4 cannot be told: /);
  });

  test('another rule may reject, too', () => {
    const [one] = found(filter('INPUT -p tcp -j REJECT --reject-with tcp-reset'));
    expect(one).toMatchObject({ tag: 'one-family-only', severity: 'error' });
    expect(one?.message).toMatch(/^a grant opens tcp\/22 over IPv6 alone: over IPv4 it stays closed, .* rejects it$/);
    expect(one?.cure).toContain('or set firewall = iptables, whose grants come first');
  });

  test('a rule outside INPUT is not overruled by iptables either', () => {
    const [one] = found(table('mangle', 'PREROUTING -p tcp --dport 22 -j DROP'));
    expect(one?.cure).not.toContain('firewall = iptables');
  });

  test('firewall = iptables comes before what others drop in INPUT', () => {
    const ruleset = filter(':INPUT DROP', 'INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT');
    expect(tags(ruleset)).toEqual(['error one-family-only']);
    expect(tags(ruleset, { firewall: 'iptables' })).toEqual([]);
    expect(tags(ruleset, { firewall: 'ipset' })).toEqual([]);
  });

  test('that holds in the old tables of iptables', () => {
    const legacy = filter(':INPUT DROP', 'INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT').map((chain) => ({
      ...chain,
      table: `${chain.table} (legacy)`,
    }));
    expect(tags(legacy, { firewall: 'iptables' })).toEqual([]);
  });

  test('a port that is sent to another host is open there', () => {
    const ruleset = table('nat', 'PREROUTING -p tcp --dport 22 -j DNAT --to-destination 172.17.0.2:22');
    expect(tags(ruleset)).toEqual([]);
    expect(pictureOf(facts({ ruleset }), plan()).map(({ granted }) => granted?.kind)).toEqual(['forwarded', 'arrives']);
  });
});

describe('a connection that stands', () => {
  test('is cut where only what is new is let in', () => {
    const [one, ...more] = found(filter(':INPUT DROP', 'INPUT -p tcp --dport 22 -m conntrack --ctstate NEW -j ACCEPT'));
    expect(more).toEqual([]);
    expect(one).toMatchObject({ tag: 'established-dropped', severity: 'error' });
    expect(one?.message).toContain('over IPv4: the policy of table ip filter, chain INPUT drops their packets, too');
  });

  test('is not known to the guard where rules take it out of connection tracking', () => {
    const [one, ...more] = found(table('raw', 'PREROUTING -p tcp -m tcp --dport 22 -j NOTRACK'));
    expect(more).toEqual([]);
    expect(one).toMatchObject({ tag: 'untracked', severity: 'error', cure: 'leave tcp/22 out of notrack' });
    expect(one?.rule).toContain('table ip raw, chain PREROUTING, rule 1');
  });

  test('is not answered where nothing is let out', () => {
    const [one, ...more] = found(filter(':OUTPUT ACCEPT', 'OUTPUT -p tcp -m tcp --sport 22 -j DROP'));
    expect(more).toEqual([]);
    expect(one).toMatchObject({ tag: 'answer-dropped', severity: 'error' });
  });
});

describe('spad that runs already', () => {
  test('is left out of the picture', () => {
    const own = filter(':SPAD-GUARD', 'INPUT -p tcp -j SPAD-GUARD', 'SPAD-GUARD -j DROP');
    expect(tags(own)).toEqual([]);
    expect(pictureOf(facts({ ruleset: own }), plan()).map(({ before }) => before.kind)).toEqual(['arrives', 'arrives']);
  });
});

describe('the lines of a report', () => {
  const text = (changes: Partial<HostFacts>, wishes: Partial<Plan> = {}): string =>
    formatReport(reportOn(facts(changes), plan(wishes)), false);

  test('say where nobody may have a grant', () => {
    expect(text({}, { allowances: [] })).toContain('with the guard closed; nobody may have a grant');
    const allowances = [{ name: '[access a]', ports: ports('tcp/23'), sources: [cidr('0.0.0.0/0')], forwards: false }];
    expect(text({}, { allowances })).toContain('nobody may have a grant');
  });

  test('say nothing of a guard that the firewall has not, or that is not looked into', () => {
    expect(text({}, { firewall: 'nft-set', guards: false })).not.toContain('with the guard');
    expect(text({}, { firewall: 'firewalld' })).toContain('tcp/22 (sshd)  now open');
  });

  test('say what cannot be told, and name no program where none listens', () => {
    const ruleset = filter('INPUT -m recent --update --seconds 60 --name x --rsource -j DROP');
    expect(text({ ruleset, listeners: [] })).toContain('tcp/22  192.0.2.1: now open or closed; with the guard closed');
  });

  test('say where nothing could be looked at from outside', () => {
    const links = facts().links.filter(({ isLoopback }) => isLoopback);
    expect(reportOn(facts({ links }), plan()).roads).toEqual([]);
  });
});
