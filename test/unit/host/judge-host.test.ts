import { describe, expect, test } from 'vitest';
import type { HostFacts, Plan } from '../../../src/host/facts.ts';
import { exitStatus } from '../../../src/host/finding.ts';
import { formatReport, reportOn } from '../../../src/host/report.ts';
import { cidr, ip, portOf, ports } from '../values.ts';
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
  const session = {
    ...{ client: ip('198.51.100.7'), clientPort: portOf(40_000), server: ip('192.0.2.1'), serverPort: portOf(22) },
  };

  test('on another port is not spoken of', () => {
    expect(tags({ session: { ...session, serverPort: portOf(2222) } })).toEqual([]);
  });

  test('whose packets a rule drops', () => {
    const ruleset = filter(':INPUT DROP', 'INPUT -p tcp --dport 22 -m conntrack --ctstate NEW -j ACCEPT');
    expect(tags({ session, ruleset })).toContain('error session-ends');
  });

  test('stays; a stanza has the way back, by its port and source', () => {
    expect(tags({ session })).toEqual(['note session-guarded']);
    const [allowance] = plan().allowances;
    const only = (changes: object): Partial<Plan> => ({
      allowances: allowance === undefined ? [] : [{ ...allowance, ...changes }],
    });
    expect(tags({ session }, only({ sources: [cidr('10.0.0.0/8')] }))).toContain('error no-way-back');
    expect(tags({ session }, only({ ports: ports('tcp/23') }))).toContain('error no-way-back');
    expect(tags({ session }, only({ ports: undefined }))).toEqual(['note session-guarded']);
  });
});

describe('the interface that packets are looked for on', () => {
  const [lo, eth0] = facts().links;
  const wishes: Partial<Plan> = { interface: 'eth0' };

  test('is in order where it faces the world', () => {
    expect(tags({}, wishes)).toEqual([]);
  });

  test('is not there', () => {
    const [one] = findings({}, { interface: 'wan0' });
    expect(one).toMatchObject({
      tag: 'interface-missing',
      severity: 'error',
      cure: 'interface = any, or one of: eth0',
    });
    const [none] = findings({ links: lo === undefined ? [] : [lo] }, { interface: 'wan0' });
    expect(none?.cure).toContain('none is there');
  });

  test('is down', () => {
    const links = eth0 === undefined ? [] : [{ ...eth0, isUp: false }];
    expect(tags({ links }, wishes)).toContain('error interface-down');
  });

  test('has no address', () => {
    const links = eth0 === undefined ? [] : [{ ...eth0, addresses: [] }];
    expect(tags({ links }, wishes)).toContain('warning interface-without-address');
  });

  test('is not the one of the default route', () => {
    const lan = { name: 'lan0', isUp: true, isLoopback: false, addresses: [ip('10.0.0.1')] };
    const links = [...facts().links, lan];
    const [one] = findings({ links }, { interface: 'lan0' });
    expect(one).toMatchObject({ tag: 'interface-not-facing', severity: 'warning' });
    expect(one?.message).toContain('packets are looked for on lan0, and the default route is through eth0');
    expect(tags({ links, routes: [] }, { interface: 'lan0' })).toEqual([]);
  });

  test.each(['udp', 'file'] as const)('does not matter with capture = %s', (capture) => {
    expect(tags({}, { interface: 'wan0', capture })).toEqual([]);
  });
});

describe('the SPA port', () => {
  const drops = filter('INPUT -p udp -m udp --dport 62201 -j DROP');
  const taken = { protocol: 'udp', address: ip('0.0.0.0'), takesBoth: true, port: 62_201, pid: 8 } as const;
  const listeners = [...facts().listeners, { ...taken, program: 'dnsmasq' }];

  test('that a rule drops matters to a socket alone', () => {
    const [one] = findings({ ruleset: drops }, { capture: 'udp' });
    expect(one).toMatchObject({ tag: 'spa-port-closed', severity: 'error', port: 'udp/62201' });
    expect(one?.message).toContain('no packet reaches spad over IPv4');
    for (const capture of ['pcap', 'file', 'nflog', 'auto'] as const)
      expect(tags({ ruleset: drops }, { capture })).toEqual([]);
  });

  test('that ingress drops matters to the sieve, too', () => {
    const base = { type: 'filter', hook: 'ingress', priority: -500, policy: 'drop', devices: ['eth0'] } as const;
    const ruleset = [{ family: 'netdev', table: 'netdev t', name: 'c', base, rules: [] }] as const;
    const told = (capture: Plan['capture']): string[] => tags({ ruleset }, { capture });
    expect(told('auto')).toContain('error spa-port-closed');
    expect(told('nflog')).toContain('error spa-port-closed');
    expect(told('pcap')).not.toContain('error spa-port-closed');
  });

  test('that another program has', () => {
    const [one] = findings({ listeners }, { capture: 'udp' });
    expect(one).toMatchObject({ tag: 'spa-port-taken', severity: 'error' });
    expect(one?.message).toContain('dnsmasq has udp/62201 already');
    const [unknown] = findings({ listeners: [{ ...taken, program: undefined }] }, { capture: 'udp', allowances: [] });
    expect(unknown?.message).toContain('another program has udp/62201 already');
  });

  test('that another program has is no matter where packets are sniffed, nor where it is spad', () => {
    expect(tags({ listeners }, { capture: 'nflog' })).toEqual([]);
    expect(tags({ listeners, isRunning: true }, { capture: 'udp' })).toEqual(['note already-running']);
  });

  test('is not looked at where the rules cannot be read', () => {
    expect(tags({ ruleset: undefined }, { capture: 'udp' })).toEqual(['error firewall-unreadable']);
  });
});

describe('a firewall whose guard is not looked into', () => {
  test('is told of, where it guards anything', () => {
    expect(tags({}, { firewall: 'firewalld' })).toEqual(['note cannot-tell']);
    expect(tags({}, { firewall: 'firewalld', guard: [], allowances: [] })).toEqual([]);
  });
});

describe('other daemons', () => {
  test('knockd and fwknopd are warnings', () => {
    expect(tags({ others: [{ program: 'knockd', pid: 9 }] })).toEqual(['warning other-daemon']);
    const [one] = findings({ others: [{ program: 'fwknopd', pid: 9 }] });
    expect(one?.message).toContain('fwknopd runs, too (process 9)');
    expect(one?.cure).toContain('stop fwknopd');
  });

  test('another spad is no matter where no table of its own is', () => {
    expect(tags({ others: [{ program: 'spad', pid: 9 }] }, { firewall: 'iptables' })).toEqual([]);
  });

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
