/** Small models for tests: rules by the words of iptables-save, packets to 192.0.2.1 or 2001:db8::1 from elsewhere. */
import type { HostFacts, Plan } from '../../../src/host/facts.ts';
import { readIptablesSave } from '../../../src/host/iptables-save.ts';
import type { Probe } from '../../../src/host/packet.ts';
import type { Ruleset } from '../../../src/host/ruleset.ts';
import { type Fate, walkIn } from '../../../src/host/walk.ts';
import { cidr, ip, portOf, ports } from '../values.ts';

export const SURROUNDINGS = {
  local: [ip('192.0.2.1'), ip('2001:db8::1')],
  routes: [
    { to: cidr('0.0.0.0/0'), link: 'eth0' },
    { to: cidr('172.17.0.0/16'), link: 'docker0' },
  ],
};

/** Rules of filter as they follow `-A `; `:one` declares a chain, `:INPUT DROP` sets a policy. */
export const filter = (...rules: readonly string[]): Ruleset => table('filter', ...rules);

export const table = (name: string, ...rules: readonly string[]): Ruleset => {
  const heads = rules.filter((rule) => rule.startsWith(':'));
  const chain = name === 'filter' ? 'INPUT' : 'PREROUTING';
  const declared = heads.some((head) => head.startsWith(`:${chain} `)) ? [] : [`:${chain} ACCEPT [0:0]`];
  const lines = heads.map((head) => (head.includes(' ') ? `${head} [0:0]` : `${head} - [0:0]`));
  const body = rules.filter((rule) => !rule.startsWith(':')).map((rule) => `-A ${rule}`);
  return readIptablesSave([`*${name}`, ...declared, ...lines, ...body, 'COMMIT', ''].join('\n'), 4, false);
};

export const probe = (changes: Partial<Probe> = {}): Probe => ({
  ...{ state: 'new', protocol: 'tcp', from: ip('198.51.100.7'), to: ip('192.0.2.1'), fromPort: 50_000, toPort: 22 },
  ...{ comesIn: 'eth0', goesOut: '' },
  ...changes,
});

export const walk = (ruleset: Ruleset, changes: Partial<Probe> = {}): Fate =>
  walkIn(ruleset, probe(changes), SURROUNDINGS);

/** `arrives 22`, `dropped by 2`, `unsure`: what became of a packet, in a word or two. */
export const shortly = (fate: Fate): string => {
  switch (fate.kind) {
    case 'arrives':
      return `arrives ${String(fate.port)}`;
    case 'forwarded':
      return `forwarded ${String(fate.port)}`;
    case 'dropped':
      return `dropped by ${fate.by.rule === undefined ? 'policy' : String(fate.by.rule)}`;
    case 'unsure':
      return `unsure: ${fate.doubt}`;
  }
};

const WRITABLE = { path: '/var/lib/spad', trouble: undefined, free: 1e12 };

/** A host in order. */
export const facts = (changes: Partial<HostFacts> = {}): HostFacts => ({
  ...{ ruleset: [], trouble: [], isClockSynchronised: true, session: undefined, isRunning: false, others: [] },
  ...{ stateDir: WRITABLE, auditLog: { ...WRITABLE, path: '/var/log/spad/audit.jsonl' } },
  links: [
    { name: 'lo', isUp: true, isLoopback: true, addresses: [ip('127.0.0.1'), ip('::1')] },
    { name: 'eth0', isUp: true, isLoopback: false, addresses: [ip('192.0.2.1'), ip('2001:db8::1')] },
  ],
  routes: SURROUNDINGS.routes,
  listeners: [{ protocol: 'tcp', address: ip('::'), takesBoth: true, port: 22, program: 'sshd', pid: 7 }],
  ...changes,
});

export const plan = (changes: Partial<Plan> = {}): Plan => ({
  ...{ firewall: 'nftables', guards: true, guard: ports('tcp/22'), spaPort: portOf(62_201), capture: 'pcap' },
  interface: 'any',
  allowances: [
    { name: '[access alice]', ports: ports('tcp/22'), sources: [cidr('0.0.0.0/0'), cidr('::/0')], forwards: false },
  ],
  ...changes,
});
