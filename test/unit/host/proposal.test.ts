import { describe, expect, test } from 'vitest';
import { formatAddress, parseAddress, parseCidr, type IpAddress } from '../../../src/base/address.ts';
import { formatPortSpec } from '../../../src/base/port-spec.ts';
import { parseSpadConf } from '../../../src/config/spad-conf.ts';
import { parseSshConnection } from '../../../src/control/connection.ts';
import type { Link, Listener } from '../../../src/host/facts.ts';
import {
  formatFirstSection,
  openPorts,
  proposeGuard,
  proposeHost,
  proposeInterface,
  type ProposalFacts,
} from '../../../src/host/proposal.ts';

const address = (text: string): IpAddress => {
  const value = parseAddress(text);
  if (value === undefined) throw new Error(text);
  return value;
};

const link = (name: string, addresses: readonly string[], traits: Partial<Link> = {}): Link => ({
  ...{ name, isUp: true, isLoopback: false, addresses: addresses.map(address) },
  ...traits,
});

const listener = (port: number, at: string, program?: string, protocol: 'tcp' | 'udp' = 'tcp'): Listener => ({
  ...{ protocol, address: address(at), takesBoth: true, port, program, pid: undefined },
});

const route = (to: string, name: string): ProposalFacts['routes'][number] => {
  const cidr = parseCidr(to);
  if (cidr === undefined) throw new Error(to);
  return { to: cidr, link: name };
};

const LO = link('lo', ['127.0.0.1'], { isLoopback: true });
const ETH0 = link('eth0', ['fd00::5', '192.0.2.5']);
const WG0 = link('wg0', ['10.8.0.1']);

const facts = (given: Partial<ProposalFacts>): ProposalFacts => ({
  ...{ links: [LO, WG0, ETH0], routes: [], listeners: [], session: undefined },
  ...given,
});

describe('proposeInterface', () => {
  test.each([
    ['the default route', facts({ routes: [route('10.8.0.0/24', 'wg0'), route('0.0.0.0/0', 'eth0')] }), 'eth0'],
    ['that of IPv4 before IPv6', facts({ routes: [route('::/0', 'wg0'), route('0.0.0.0/0', 'eth0')] }), 'eth0'],
    ['that of IPv6 alone', facts({ routes: [route('::/0', 'wg0')] }), 'wg0'],
    ['the only one', facts({ links: [LO, ETH0] }), 'eth0'],
    ['any of several', facts({}), 'any'],
    ['not one that is down', facts({ links: [LO, { ...ETH0, isUp: false }, WG0] }), 'wg0'],
    ['any where there is none', facts({ links: [LO] }), 'any'],
  ])('%s', (_, given, name) => {
    expect(proposeInterface(given)).toBe(name);
  });
});

describe('ports', () => {
  const open = openPorts([
    ...[listener(8080, '0.0.0.0', 'web'), listener(22, '0.0.0.0', undefined), listener(22, '::', 'sshd')],
    ...[listener(631, '127.0.0.1', 'cupsd'), listener(25, '::1', 'smtp'), listener(68, '0.0.0.0', 'dhcp', 'udp')],
    listener(2022, '192.0.2.5', 'dropbear'),
  ]);

  test('those of TCP that others can reach, each once', () => {
    expect(open.map(({ port, program }) => `${formatPortSpec(port)} ${program ?? ''}`)).toEqual([
      'tcp/22 sshd',
      'tcp/2022 dropbear',
      'tcp/8080 web',
    ]);
  });

  test('SSH is proposed, by its name and by the session of now', () => {
    const session = parseSshConnection('198.51.100.7 50000 192.0.2.5 2022');
    expect(proposeGuard(open, undefined).map(formatPortSpec)).toEqual(['tcp/22']);
    expect(proposeGuard(open, session).map(formatPortSpec)).toEqual(['tcp/22', 'tcp/2022']);
    expect(proposeGuard(openPorts([listener(80, '::', 'web')]), undefined)).toEqual([]);
  });
});

describe('proposeHost', () => {
  const hostOf = (given: Partial<ProposalFacts>, name: string): string | undefined => {
    const found = proposeHost(facts(given), name);
    return found && formatAddress(found);
  };

  test('where the operator has come in, but not through this host itself', () => {
    expect(hostOf({ session: parseSshConnection('198.51.100.7 50000 10.8.0.1 22') }, 'eth0')).toBe('10.8.0.1');
    expect(hostOf({ session: parseSshConnection('127.0.0.1 50000 127.0.0.1 22') }, 'eth0')).toBe('192.0.2.5');
  });

  test("the interface's own, IPv4 first", () => {
    expect(hostOf({}, 'eth0')).toBe('192.0.2.5');
    expect(hostOf({}, 'any')).toBe('10.8.0.1');
    expect(hostOf({ links: [LO] }, 'any')).toBeUndefined();
  });
});

test('the section is read back as what was answered', () => {
  const [first] = openPorts([listener(22, '::')]);
  const guard = first === undefined ? [] : [first.port];
  const { conf, issues } = parseSpadConf(formatFirstSection({ name: 'gw 1', interface: 'eth0.5', guard }), 'x');
  expect(issues.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(conf?.daemon).toMatchObject({ name: 'gw 1', interface: 'eth0.5', guard });
});
