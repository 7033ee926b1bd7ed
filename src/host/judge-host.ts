/** What is not about one port: interfaces, the SPA port, clock, disk, other daemons, and the session of the operator. */
import { cidrContains, formatAddress } from '../base/address.ts';
import { coversPorts, formatPortSpec } from '../base/port-spec.ts';
import type { Connection } from '../control/connection.ts';
import type { HostFacts, Plan, Writable } from './facts.ts';
import type { Finding } from './finding.ts';
import { isGuardKnown, withGuard, withoutSpad } from './guard.ts';
import { hasDefault, probeIn, roadsOf, strangerTo, surroundingsOf } from './roads.ts';
import { formatRef } from './ruleset.ts';
import { walkIn } from './walk.ts';

export const judgeHost = (facts: HostFacts, plan: Plan): readonly Finding[] => [
  ...judgeReading(facts),
  ...judgeFirewall(plan),
  ...judgeInterface(facts, plan),
  ...judgeSpaPort(facts, plan),
  ...judgeClock(facts),
  ...judgeWritable('state_dir', facts.stateDir),
  ...judgeWritable('audit_log', facts.auditLog),
  ...judgeOthers(facts, plan),
  ...(facts.session === undefined ? [] : judgeSession(facts.session, facts, plan)),
];

const judgeReading = ({ ruleset, trouble }: HostFacts): Finding[] => {
  const why = trouble.join('; ');
  if (ruleset === undefined) {
    const message = `the rules of the firewall could not be read: ${why}`;
    return [{ tag: 'firewall-unreadable', severity: 'error', message, cure: 'run spad check as root' }];
  }
  if (trouble.length === 0) return [];
  const message = `not all rules of the firewall could be read: ${why}`;
  return [{ tag: 'firewall-partly-read', severity: 'warning', message, cure: 'what is said of ports may be wrong' }];
};

const judgeFirewall = ({ firewall, guards, guard }: Plan): Finding[] => {
  if (!guards || guard.length === 0 || isGuardKnown(firewall)) return [];
  const message = `what firewall = ${firewall} makes of a guard and of grants is not looked at here: of the guarded ports it is told how they stand now`;
  return [{ tag: 'cannot-tell', severity: 'note', message, cure: 'try it from outside when spad runs' }];
};

const judgeInterface = (facts: HostFacts, plan: Plan): Finding[] => {
  const { interface: name } = plan;
  if (plan.capture === 'udp' || plan.capture === 'file' || name === 'any') return [];
  const link = facts.links.find((one) => one.name === name);
  const others = facts.links.filter(({ isLoopback }) => !isLoopback).map((one) => one.name);
  const cure = `interface = any, or one of: ${others.join(', ') || 'none is there'}`;
  if (link === undefined) {
    const message = `there is no interface ${name}: spad waits for it, and until then no packet is seen`;
    return [{ tag: 'interface-missing', severity: 'error', message, cure }];
  }
  if (!link.isUp) {
    const message = `the interface ${name} is down: until it is up no packet is seen`;
    return [{ tag: 'interface-down', severity: 'error', message, cure: `ip link set ${name} up` }];
  }
  if (link.addresses.length === 0) {
    const message = `the interface ${name} has no address: nobody can send a packet to it`;
    return [{ tag: 'interface-without-address', severity: 'warning', message, cure }];
  }
  const facing = facts.links.filter((one) => hasDefault(facts, one.name)).map((one) => one.name);
  if (facing.length === 0 || facing.includes(name)) return [];
  const message = `packets are looked for on ${name}, and the default route is through ${facing.join(', ')}: what comes in there is not seen`;
  return [{ tag: 'interface-not-facing', severity: 'warning', message, cure }];
};

/**
 * A capture sees a packet before any rule of nftables or iptables, ingress included, can drop it; the sieve in the kernel what
 * ingress lets pass; a socket what all of them let pass.
 */
const judgeSpaPort = (facts: HostFacts, plan: Plan): Finding[] => {
  if (plan.capture === 'pcap' || plan.capture === 'file') return [];
  const port = `udp/${String(plan.spaPort)}`;
  const holder = facts.listeners.find(({ protocol, port: own }) => protocol === 'udp' && own === plan.spaPort);
  const found: Finding[] = [];
  if (plan.capture === 'udp' && holder !== undefined && !facts.isRunning) {
    const message = `${holder.program ?? 'another program'} has ${port} already: capture = udp cannot have it, too`;
    const cure = 'stop it, set another port, or capture = pcap, which needs no port of its own';
    found.push({ tag: 'spa-port-taken', severity: 'error', port, message, cure });
  }
  const others = facts.ruleset === undefined ? undefined : withoutSpad(facts.ruleset);
  const bare = plan.capture === 'udp' ? others : others?.filter(({ family }) => family === 'netdev');
  for (const road of bare === undefined ? [] : roadsOf(facts, plan)) {
    const from = strangerTo(bare ?? [], road.family, []);
    const fate = from && walkIn(bare ?? [], probeIn(road, from, 'udp', plan.spaPort), surroundingsOf(facts));
    if (fate?.kind !== 'dropped') continue;
    const rule = formatRef(fate.by);
    const message = `no packet reaches spad over IPv${String(road.family)}: ${rule} drops ${port}`;
    const cure = `let it accept ${port}, or set capture = pcap, which sees packets before any rule`;
    found.push({ tag: 'spa-port-closed', severity: 'error', port, rule, message, cure });
  }
  return found;
};

const judgeClock = ({ isClockSynchronised }: HostFacts): Finding[] => {
  if (isClockSynchronised !== false) return [];
  const message =
    'the clock of this host is not synchronised: when it is off by more than max_age, all packets are refused';
  const cure = 'run an NTP client such as chrony or systemd-timesyncd';
  return [{ tag: 'clock-unsynchronised', severity: 'warning', message, cure }];
};

/** The journals of a busy server stay far below it; below it, other programs are about to fill the disk. */
const LEAST_FREE = 16 * 1024 * 1024;

const judgeWritable = (key: string, { path, trouble, free }: Writable): Finding[] => {
  if (trouble !== undefined) {
    const message = `${key} ${path} cannot be written: ${trouble}`;
    return [
      { tag: 'not-writable', severity: 'error', message, cure: 'make it writable for root, or name another place' },
    ];
  }
  if (free === undefined || free >= LEAST_FREE) return [];
  const message = `the disk of ${key} ${path} has ${String(Math.floor(free / 1024))} KiB left: when it is full, no packet opens anything`;
  return [{ tag: 'disk-full', severity: 'warning', message, cure: 'make room' }];
};

const judgeOthers = ({ others, isRunning }: HostFacts, plan: Plan): Finding[] => {
  const found: Finding[] = others
    .filter(({ program }) => program !== 'spad')
    .map(({ program, pid }) => {
      const message = `${program} runs, too (process ${String(pid)}): what it opens of the guarded ports stays closed, for the guard drops it`;
      const cure = `stop ${program}, or take its ports out of "guard"`;
      return { tag: 'other-daemon', severity: 'warning', message, cure };
    });
  const spads = others.filter(({ program }) => program === 'spad');
  if (spads.length > 0 && !isRunning && plan.firewall === 'nftables') {
    const message = `another spad runs here (process ${String(spads[0]?.pid)}) on another state_dir: both would make the table "inet spad" anew in turn`;
    found.push({ tag: 'other-daemon', severity: 'error', message, cure: 'stop one of them' });
  }
  if (isRunning) {
    const message = 'spad runs already; what is said of ports "now" is without it';
    found.push({ tag: 'already-running', severity: 'note', message, cure: 'nothing to do' });
  }
  return found;
};

const TRY =
  'start with "spad start --confirm 60s", which takes the guard back unless you confirm through a new connection';

const judgeSession = (session: Connection, facts: HostFacts, plan: Plan): Finding[] => {
  const { client, server, serverPort: target } = session;
  const from = formatAddress(client);
  const spec = { protocol: 'tcp', first: target, last: target } as const;
  const port = formatPortSpec(spec);
  if (!coversPorts(plan.guard, spec)) return [];
  const found: Finding[] = [];
  const link = facts.links.find(({ addresses }) =>
    addresses.some((own) => formatAddress(own) === formatAddress(server)),
  );
  if (facts.ruleset !== undefined && link !== undefined && isGuardKnown(plan.firewall)) {
    const bare = withoutSpad(facts.ruleset);
    const road = { link: link.name, family: server.family, to: server };
    const guarded = withGuard(bare, plan.firewall, plan.guard);
    const fate = walkIn(guarded, probeIn(road, client, 'tcp', target, 'established'), surroundingsOf(facts));
    if (fate.kind === 'dropped') {
      const rule = formatRef(fate.untrackedBy ?? fate.by);
      const message = `you are logged in from ${from} on ${port}, and your session would be cut: ${rule}`;
      found.push({ tag: 'session-ends', severity: 'error', port, rule, message, cure: TRY });
    }
  }
  const ways = plan.allowances.filter(
    ({ ports, sources }) =>
      (ports === undefined || coversPorts(ports, spec)) && sources.some((cidr) => cidrContains(cidr, client)),
  );
  const names = ways.map(({ name }) => name).join(', ');
  if (ways.length === 0) {
    const message = `you are logged in from ${from} on ${port}, and nobody may ask for ${port} from there: once this session ends you cannot come back`;
    const cure = `add a stanza that allows ${port} for ${from}, or keep another way in; ${TRY}`;
    found.push({ tag: 'no-way-back', severity: 'error', port, message, cure });
  } else if (found.length === 0) {
    const message = `you are logged in from ${from} on ${port}: this session stays, and a new one takes a packet of ${names}`;
    found.push({ tag: 'session-guarded', severity: 'note', port, message, cure: TRY });
  }
  return found;
};
