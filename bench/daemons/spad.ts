/** spad, as built, with a configuration as in its documentation. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cidr, hostCidr, parseAddress } from '../../src/base/address.ts';
import { parsePort, type Port, seconds, unixMs } from '../../src/base/units.ts';
import { Secret } from '../../src/crypto/secret.ts';
import { sealNative } from '../../src/spa/native/seal.ts';
import type { Host } from '../../test/support/host.ts';
import { builtFile } from '../../test/support/paths.ts';
import { QUIET_ENVIRONMENT } from '../environment.ts';
import { type Contender, type Daemon, type PacketSource, type Ports, SPA_PORT } from './contender.ts';

const NAME = 'bench';
/** Short, so that the grants of a measurement do not pile up. */
const OPEN_FOR_SECONDS = 2;

type Capture = 'pcap' | 'udp' | 'nflog';

export interface SpadOptions {
  /** How many clients stand before the one that the packets are of, each with a key of its own; 0 unless told. */
  readonly others?: number;
}

/** @param client whose address the packets ask to open for */
export function spad(capture: Capture, host: Host, client: Host, { others = 0 }: SpadOptions = {}): Contender {
  return {
    name: `spad, ${capture}`,
    kind: 'spad',
    host,
    pace: undefined,
    start: (folder, ports) => Promise.resolve(start({ capture, host, client, folder, ports, others })),
  };
}

interface Start {
  readonly capture: Capture;
  readonly host: Host;
  readonly client: Host;
  readonly folder: string;
  readonly ports: Ports;
  readonly others: number;
}

function start({ capture, host, client, folder, ports, others }: Start): Daemon {
  const secret = newSecret();
  const auditLog = join(folder, 'audit.jsonl');
  const conf = join(folder, 'spad.conf');
  const stanzas = [...Array.from({ length: others }, (_, index) => `other${String(index)}`), 'client'].map((name) =>
    stanza(name, name === 'client' ? secret : newSecret(), ports),
  );
  writeFileSync(conf, [daemonSection(capture, folder, ports), ...stanzas].join('\n'), { mode: 0o600 });
  const main = builtFile('bin/spad.cjs');
  const sealFor = sealer(secret, addressOf(client));
  const sources = (wanted: readonly number[]): Promise<readonly PacketSource[]> =>
    Promise.resolve(wanted.map((port) => () => sealFor(portOf(port))));
  return {
    startedAt: performance.now(),
    process: host.spawn(process.execPath, [main, '-c', conf], { env: QUIET_ENVIRONMENT }),
    ready: /ready: /,
    packets: sources,
    manyPackets: (count) => {
      const size = ports.last - ports.first + 1;
      return sources(Array.from({ length: count }, (_, index) => ports.first + (index % size)));
    },
    handled: () => (existsSync(auditLog) ? countOf(readFileSync(auditLog, 'utf8'), '"event":"granted"') : 0),
  };
}

function daemonSection(capture: Capture, folder: string, ports: Ports): string {
  return `[spad]
name = ${NAME}
interface = any
port = ${SPA_PORT}
capture = ${capture}
guard = udp/${ports.first}-${ports.last}
state_dir = ${join(folder, 'state')}
audit_log = ${join(folder, 'audit.jsonl')}
`;
}

function stanza(name: string, secret: Secret, ports: Ports): string {
  return `[access ${name}]
key = ${secret.revealBase64()}
allow = udp/${ports.first}-${ports.last}
open_for = ${OPEN_FOR_SECONDS}s
`;
}

function sealer(secret: Secret, client: Cidr): (port: Port) => Uint8Array {
  return (port) => {
    const request = {
      type: 'open' as const,
      time: unixMs(Date.now()),
      openFor: seconds(0),
      reply: false,
      addresses: [client],
      ports: [{ protocol: 'udp' as const, first: port, last: port }],
      forward: undefined,
      command: '',
    };
    return sealNative(request, secret, NAME, randomBytes(24));
  };
}

function newSecret(): Secret {
  const secret = Secret.fromBytes(randomBytes(32));
  if (secret === undefined) throw new Error('the random bytes were all alike');
  return secret;
}

function addressOf(host: Host): Cidr {
  const address = parseAddress(host.address4);
  if (address === undefined) throw new Error(`${host.address4} is no address`);
  return hostCidr(address);
}

function portOf(value: number): Port {
  const port = parsePort(String(value));
  if (port === undefined) throw new Error(`${value} is no port`);
  return port;
}

function countOf(text: string, word: string): number {
  return text.split(word).length - 1;
}
