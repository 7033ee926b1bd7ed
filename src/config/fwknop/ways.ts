/** How fwknop's packets may come, by spad.conf and fwknopd.conf together. */
import { coversPorts, normalizePorts, type PortSpec } from '../../base/port-spec.ts';
import type { DaemonValues } from '../daemon-directives.ts';
import type { FwknopdConf, FwknopWays } from './fwknopd-conf.ts';

/** A way is open where either file opens it; the UDP port of fwknopd.conf is one more where spad.conf has another. */
export const fwknopWays = (daemon: DaemonValues, beside: FwknopdConf | undefined): FwknopWays => {
  const {
    fwknop_tcp: tcp,
    fwknop_tcp_port: tcpPort = daemon.port,
    fwknop_http: http,
    fwknop_ports: named,
    port,
  } = daemon;
  const own = { protocol: 'udp', first: port, last: port } as const;
  const theirs = beside?.transports;
  const ports = [
    ...named,
    ...(theirs?.ports ?? []),
    ...(beside === undefined ? [] : [{ protocol: 'udp', first: beside.port, last: beside.port } as const]),
  ].filter((spec) => !coversPorts([own], spec));
  const server = tcp ? tcpPort : theirs?.tcpServer;
  const isTcp = ({ protocol }: PortSpec): boolean => protocol === 'tcp';
  const needed = tcp ? [tcpPort] : http && !ports.some(isTcp) ? [port] : [];
  const reach = needed.map((first) => ({ protocol: 'tcp', first, last: first }) as const);
  return {
    ports: normalizePorts([...ports, ...reach]),
    http:
      http || theirs?.http !== undefined
        ? {
            anyUserAgent: daemon.fwknop_any_user_agent || theirs?.http?.anyUserAgent === true,
            forwardedFor: daemon.fwknop_forwarded_for || theirs?.http?.forwardedFor === true,
          }
        : undefined,
    icmp: daemon.fwknop_icmp || theirs?.icmp === true,
    tcpServer: server,
  };
};
