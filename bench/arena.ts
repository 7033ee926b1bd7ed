/** The laboratory of the questions about SPA packets: a client with a probe, and a host for each way of running each daemon. */
import type { Host } from '../test/support/host.ts';
import { Lab } from '../test/support/lab.ts';
import type { Contender } from './daemons/contender.ts';
import { fwknopd, fwknopVersion } from './daemons/fwknopd.ts';
import { spad } from './daemons/spad.ts';
import { Probe } from './probe/probe.ts';

/** The host of the daemon that captures, then of the one on a socket. */
export type Pair = readonly [Host, Host];

export interface Arena {
  readonly client: Host;
  /** Without its peer spad is alone. */
  readonly hosts: { readonly spad: Pair; readonly fwknopd: Pair | undefined };
  /** spad and fwknopd with one client of native packets, and of fwknop's: capturing first, then on sockets. */
  readonly contenders: readonly Contender[];
  readonly probe: Probe;
}

/** A new laboratory for the work, gone when it is done. */
export async function withArena<T>(work: (arena: Arena) => Promise<T>): Promise<T> {
  const withPeers = fwknopVersion() !== undefined;
  const peers = withPeers ? ['fwknopd-pcap', 'fwknopd-udp'] : [];
  const lab = await Lab.create({ hosts: ['client', 'spad-pcap', 'spad-udp', ...peers] });
  try {
    const client = lab.host('client');
    const pair = (name: string): Pair => [lab.host(`${name}-pcap`), lab.host(`${name}-udp`)];
    const hosts = { spad: pair('spad'), fwknopd: withPeers ? pair('fwknopd') : undefined };
    const probe = await Probe.start(client);
    const result = await work({ client, hosts, contenders: contendersOf(client, hosts), probe });
    await probe.stop();
    return result;
  } finally {
    await lab.close();
  }
}

function contendersOf(client: Host, hosts: Arena['hosts']): Contender[] {
  const own = [spad('pcap', hosts.spad[0], client), spad('udp', hosts.spad[1], client)];
  if (hosts.fwknopd === undefined) return own;
  return [...own, fwknopd('pcap', hosts.fwknopd[0], client), fwknopd('udp', hosts.fwknopd[1], client)];
}
