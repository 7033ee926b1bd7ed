/** The real fwknopd and fwknop of the system's packages. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '../../test/support/host.ts';
import { QUIET_ENVIRONMENT } from '../environment.ts';
import type { Contender, Daemon, Ports } from './contender.ts';
import { type FwknopKeys, makePackets, newFwknopKeys, type PacketMaker } from './fwknop-client.ts';

type Mode = 'pcap' | 'udp';

const OPEN_FOR_SECONDS = 2;
/** It looks for rules that have expired every half second at most, and takes some time to delete them. */
const LINGER_MS = 1500;
/** Above some 40 live rules it no longer finds all that have expired, and they pile up. */
const MAX_LIVE_RULES = 15;

const READY: Readonly<Record<Mode, RegExp>> = {
  pcap: /Starting fwknopd main event loop/,
  udp: /Kicking off UDP server/,
};

/** Asked for where rules are not wanted: the stanza forbids it. */
const FORBIDDEN_PORT = 1;

/** What the system's fwknopd says of its version, or undefined where it or its client is not installed. */
export function fwknopVersion(): string | undefined {
  const daemon = spawnSync('fwknopd', ['-V'], { encoding: 'utf8', timeout: 5000 });
  const client = spawnSync('sh', ['-c', 'command -v fwknop && command -v iptables'], { timeout: 5000 });
  if (daemon.status !== 0 || client.status !== 0) return undefined;
  return /fwknopd server ([0-9.]+)/.exec(daemon.stdout)?.[1] ?? '?';
}

export interface FwknopdOptions {
  /** How many stanzas stand before the one that the packets are for, each with keys of its own; 0 unless told. */
  readonly others?: number;
  readonly openForSeconds?: number;
}

/** @param client whose address the packets ask to open for */
export function fwknopd(mode: Mode, host: Host, client: Host, options: FwknopdOptions = {}): Contender {
  return {
    name: `fwknopd, ${mode}`,
    kind: 'fwknopd',
    host,
    pace: { grants: MAX_LIVE_RULES, lifeMs: OPEN_FOR_SECONDS * 1000 + LINGER_MS },
    start: (folder, ports) => start({ mode, host, client, folder, ports, options }),
  };
}

interface Start {
  readonly mode: Mode;
  readonly host: Host;
  readonly client: Host;
  readonly folder: string;
  readonly ports: Ports;
  readonly options: FwknopdOptions;
}

async function start({ mode, host, client, folder, ports, options }: Start): Promise<Daemon> {
  const keys = newFwknopKeys();
  const openFor = options.openForSeconds ?? OPEN_FOR_SECONDS;
  const others = Array.from({ length: options.others ?? 0 }, () => stanza(newFwknopKeys(), openFor));
  const digests = join(folder, 'digest.cache');
  const conf = join(folder, 'fwknopd.conf');
  const access = join(folder, 'access.conf');
  writeFileSync(conf, configuration(mode, folder), { mode: 0o600 });
  writeFileSync(access, [...others, stanza(keys, openFor)].join('\n'), { mode: 0o600 });
  await closePorts(host, ports);
  const args = ['-f', '-c', conf, '-a', access, '-p', join(folder, 'pid'), '-d', digests];
  const maker: PacketMaker = { from: client, to: host, keys, folder };
  return {
    startedAt: performance.now(),
    process: host.spawn('fwknopd', args, { env: QUIET_ENVIRONMENT }),
    ready: READY[mode],
    packets: (wanted) => makePackets(maker, wanted),
    manyPackets: (count) => makePackets(maker, new Array<number>(count).fill(FORBIDDEN_PORT)),
    handled: () => (existsSync(digests) ? countEntries(readFileSync(digests, 'utf8')) : 0),
  };
}

/** Everything that is not named here is as fwknopd comes. */
function configuration(mode: Mode, folder: string): string {
  const udpServer = mode === 'udp' ? 'ENABLE_UDP_SERVER Y;\n' : '';
  return `PCAP_INTF eth0;\nFWKNOP_RUN_DIR ${join(folder, 'run')};\n${udpServer}`;
}

/** Any port may be asked for but one: a list of all would be longer than a line of fwknopd may be. */
function stanza(keys: FwknopKeys, openFor: number): string {
  return `SOURCE ANY
RESTRICT_PORTS udp/${FORBIDDEN_PORT}
KEY_BASE64 ${keys.cipher}
HMAC_KEY_BASE64 ${keys.mac}
FW_ACCESS_TIMEOUT ${openFor}
`;
}

/** What fwknop's documentation asks for: connections that are there go on, new ones to the guarded ports do not begin. */
async function closePorts(host: Host, ports: Ports): Promise<void> {
  await host.run('iptables', ['-F', 'INPUT']);
  await host.run('iptables', ['-A', 'INPUT', '-m', 'conntrack', '--ctstate', 'ESTABLISHED,RELATED', '-j', 'ACCEPT']);
  await host.run('iptables', ['-A', 'INPUT', '-p', 'udp', '--dport', `${ports.first}:${ports.last}`, '-j', 'DROP']);
}

function countEntries(text: string): number {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
}
