import { describe, expect, test } from 'vitest';
import type { HostFacts, Plan } from '../../../src/host/facts.ts';
import { exitStatus } from '../../../src/host/finding.ts';
import { formatReport, reportOn } from '../../../src/host/report.ts';
import { cidr, ip, ports } from '../values.ts';
import { facts, filter, plan } from './model.ts';

const findings = (changes: Partial<HostFacts> = {}, wishes: Partial<Plan> = {}) =>
  reportOn(facts(changes), plan(wishes)).findings;

const tags = (changes: Partial<HostFacts> = {}, wishes: Partial<Plan> = {}): string[] =>
  findings(changes, wishes).map(({ severity, tag }) => `${severity} ${tag}`);

test('a host in order', () => {
  expect(tags()).toEqual([]);
});

describe('a clock', () => {
  test('that nothing keeps in step is a warning', () => {
    expect(tags({ isClockSynchronised: false })).toEqual(['warning clock-unsynchronised']);
  });

  test('of which the kernel does not tell is not told of', () => {
    expect(tags({ isClockSynchronised: undefined })).toEqual([]);
  });
});

describe('a firewall', () => {
  test('that cannot be read is an error, and of ports nothing is said', () => {
    const report = reportOn(facts({ ruleset: undefined, trouble: ['Operation not permitted'] }), plan());
    expect(report.findings.map(({ tag }) => tag)).toEqual(['firewall-unreadable']);
    expect(report.findings[0]?.message).toContain('Operation not permitted');
    expect(report.ports).toEqual([]);
  });

  test('that is read in part is a warning', () => {
    expect(tags({ trouble: ['no ip6tables-save'] })).toEqual(['warning firewall-partly-read']);
  });
});

describe('disks', () => {
  const path = '/var/lib/spad';

  test('nearly full', () => {
    expect(tags({ stateDir: { path, trouble: undefined, free: 1_000_000 } })).toEqual(['warning disk-full']);
    expect(tags({ stateDir: { path, trouble: undefined, free: undefined } })).toEqual([]);
  });

  test('not to be written', () => {
    expect(tags({ auditLog: { path, trouble: 'EROFS', free: 0 } })).toEqual(['error not-writable']);
  });
});

describe('a session', () => {
  const session = { from: ip('198.51.100.7'), fromPort: 40_000, to: ip('192.0.2.1'), toPort: 22 };
  const TRACKS = filter('INPUT -m conntrack --ctstate INVALID -j DROP');

  test('on another port is not spoken of', () => {
    expect(tags({ session: { ...session, toPort: 2222 } })).toEqual([]);
  });

  test('whose packets a rule drops', () => {
    const ruleset = filter(':INPUT DROP', 'INPUT -p tcp --dport 22 -m conntrack --ctstate NEW -j ACCEPT');
    expect(tags({ session, ruleset })).toContain('error session-ends');
  });

  test('stays; a stanza has the way back, by its port and source', () => {
    expect(tags({ session, ruleset: TRACKS })).toEqual(['note session-guarded']);
    const [allowance] = plan().allowances;
    const only = (changes: object): Partial<Plan> => ({
      allowances: allowance === undefined ? [] : [{ ...allowance, ...changes }],
    });
    expect(tags({ session, ruleset: TRACKS }, only({ sources: [cidr('10.0.0.0/8')] }))).toContain('error no-way-back');
    expect(tags({ session, ruleset: TRACKS }, only({ ports: ports('tcp/23') }))).toContain('error no-way-back');
    expect(tags({ session, ruleset: TRACKS }, only({ ports: undefined }))).toEqual(['note session-guarded']);
  });
});

describe('other daemons', () => {
  test('another spad is an error, ours is a note', () => {
    const others = [{ program: 'spad', pid: 9 }] as const;
    expect(tags({ others })).toEqual(['error other-daemon']);
    expect(tags({ others, isRunning: true })).toEqual(['note already-running']);
  });
});

describe('what is said of several roads', () => {
  const link = (name: string, address: string) => ({ name, isUp: true, isLoopback: false, addresses: [ip(address)] });
  const two = { links: [link('eth0', '192.0.2.1'), link('eth1', '203.0.113.1')], routes: [] };

  test('names where it is so', () => {
    const found = findings({ ...two, ruleset: filter('INPUT -i eth1 -j DROP') });
    expect(found.map(({ tag, message }) => [tag, message])).toEqual([
      [
        'grant-useless',
        expect.stringContaining(
          'would open nothing on eth1: table ip filter, chain INPUT, rule 1 (-i eth1 -j DROP) drops it',
        ),
      ],
    ]);
  });

  test('and not where it is so everywhere', () => {
    const found = findings({ ...two, ruleset: filter('INPUT -p tcp -j DROP') });
    expect(found.map(({ message }) => message)).toEqual([expect.stringContaining('would open nothing: table')]);
  });

  test('of an address that rules let in nobody else is told', () => {
    const ruleset = filter(':INPUT DROP', 'INPUT -s 198.51.100.77/32 -j ACCEPT');
    expect(tags({ ...two, ruleset })).toEqual(['error grant-useless']);
  });

  test('who may ask is somebody of its sources', () => {
    const allowances = [{ name: '[access a]', ports: ports('tcp/22'), sources: [cidr('10.0.0.0/8')], forwards: false }];
    const ruleset = filter(':INPUT DROP', 'INPUT -s 10.0.0.0/8 -j ACCEPT');
    expect(tags({ ...two, ruleset }, { allowances })).toEqual([]);
  });
});

describe('text', () => {
  test('for terminals and for the rest', () => {
    const report = reportOn(facts({ isClockSynchronised: false, ruleset: filter('INPUT -p tcp -j DROP') }), plan());
    expect(formatReport(report, false)).toBe(`looked at from outside, by eth0 192.0.2.1, eth0 2001:db8::1:
  tcp/22 (sshd)  192.0.2.1: now closed by table ip filter, chain INPUT, rule 1 (-p tcp -j DROP); with the guard closed; with a grant closed
                 2001:db8::1: now open; with the guard closed; with a grant open

error: a grant opens tcp/22 over IPv6 alone: over IPv4 it stays closed, for table ip filter, chain INPUT, rule 1 (-p tcp -j DROP) drops it
  to do: accept tcp/22 before that; without a grant spad's guard keeps it closed; or set firewall = iptables, whose grants come first

warning: the clock of this host is not synchronised: when it is off by more than max_age, all packets are refused
  to do: run an NTP client such as chrony or systemd-timesyncd`);
    expect(formatReport(report, true)).toContain('\n✗ a grant opens');
    expect(formatReport(reportOn(facts(), plan()), true)).toContain('✓ nothing wrong found');
  });

  test('a comment of somebody’s rule does not reach the terminal as it is', () => {
    const ruleset = filter('INPUT -m comment --comment "\u001b[2J" -j DROP');
    expect(formatReport(reportOn(facts({ ruleset }), plan()), true)).not.toContain('\u001b');
  });
});

test('the exit status', () => {
  expect(exitStatus([])).toBe(0);
  expect(exitStatus([{ severity: 'note' }])).toBe(0);
  expect(exitStatus([{ severity: 'note' }, { severity: 'warning' }])).toBe(3);
  expect(exitStatus([{ severity: 'warning' }, { severity: 'error' }])).toBe(1);
});
