/** spad with clients of fwknop's, and packets of the real fwknop client. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '../../test/support/host.ts';
import { builtFile } from '../../test/support/paths.ts';
import { QUIET_ENVIRONMENT } from '../environment.ts';
import { type Contender, type FwknopDaemon, type Ports, SPA_PORT } from './contender.ts';
import { addressRequest, type FwknopKeys, makePackets, newFwknopKeys, portRequest } from './fwknop-client.ts';

/** Short, so that the grants of a measurement do not pile up. */
const OPEN_FOR_SECONDS = 2;

type Capture = 'pcap' | 'udp';

export interface SpadFwknopOptions {
  /** How many stanzas stand before the one that the packets are for, each with keys of its own; 0 unless told. */
  readonly others?: number;
  readonly openForSeconds?: number;
}

/** @param client whose address the packets ask to open for */
export function spadFwknop(
  capture: Capture,
  host: Host,
  client: Host,
  options: SpadFwknopOptions = {},
): Contender<FwknopDaemon> {
  return {
    name: `spad, ${capture}`,
    kind: 'spad',
    host,
    pace: undefined,
    start: (folder, ports) => Promise.resolve(start(capture, host, client, { folder, ports, options })),
  };
}

interface Setting {
  readonly folder: string;
  readonly ports: Ports;
  readonly options: SpadFwknopOptions;
}

function start(capture: Capture, host: Host, client: Host, { folder, ports, options }: Setting): FwknopDaemon {
  const keys = newFwknopKeys();
  const openFor = options.openForSeconds ?? OPEN_FOR_SECONDS;
  const others = Array.from({ length: options.others ?? 0 }, (_, index) =>
    stanza(`other${index}`, newFwknopKeys(), ports, openFor),
  );
  const conf = join(folder, 'spad.conf');
  const text = [daemonSection(capture, folder, ports), ...others, stanza('client', keys, ports, openFor)].join('\n');
  writeFileSync(conf, text, { mode: 0o600 });
  const auditLog = join(folder, 'audit.jsonl');
  const maker = { from: client, to: host, keys, folder };
  return {
    startedAt: performance.now(),
    process: host.spawn(process.execPath, [builtFile('bin/spad.cjs'), '-c', conf], { env: QUIET_ENVIRONMENT }),
    ready: /ready: /,
    packets: (wanted) => makePackets(maker, wanted.map(portRequest(client))),
    packetsFor: (addresses) => makePackets(maker, addresses.map(addressRequest(ports))),
    manyPackets: (count) => {
      const size = ports.last - ports.first + 1;
      const wanted = Array.from({ length: count }, (_, index) => ports.first + (index % size));
      return makePackets(maker, wanted.map(portRequest(client)));
    },
    handled: () => (existsSync(auditLog) ? readFileSync(auditLog, 'utf8').split('"event":"granted"').length - 1 : 0),
  };
}

function daemonSection(capture: Capture, folder: string, ports: Ports): string {
  return `[spad]
name = bench
interface = any
port = ${SPA_PORT}
capture = ${capture}
guard = udp/${ports.first}-${ports.last}
state_dir = ${join(folder, 'state')}
audit_log = ${join(folder, 'audit.jsonl')}
`;
}

function stanza(name: string, keys: FwknopKeys, ports: Ports, openFor: number): string {
  return `[access ${name}]
format = fwknop
key_base64 = ${keys.cipher}
hmac_key_base64 = ${keys.mac}
allow = udp/${ports.first}-${ports.last}
open_for = ${openFor}s
`;
}
