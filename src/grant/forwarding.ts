import { type Family, formatAddress, type IpAddress } from '../base/address.ts';
import type { PortSpec } from '../base/port-spec.ts';
import type { Port } from '../base/units.ts';

/** Where connections to a granted port go instead. */
export interface Forwarding {
  /** Undefined: another port of this host itself. */
  readonly to: IpAddress | undefined;
  /** Undefined: the port that the connection was for; the only form in which ranges of ports can be forwarded. */
  readonly port: Port | undefined;
  /** What the inner host sees as the source: the client itself, this host's own address, or this address. */
  readonly source: 'client' | 'masquerade' | IpAddress;
}

/** Equal for equal forwardings: a grant's identity beside its ports. */
export const forwardingKey = (forwarding: Forwarding | undefined): string => {
  if (forwarding === undefined) return '';
  const { to, port, source } = forwarding;
  const from = typeof source === 'string' ? source : formatAddress(source);
  return `${to === undefined ? 'local' : formatAddress(to)} ${port === undefined ? 'same' : String(port)} ${from}`;
};

/** `10.0.0.5:22`, `[fd00::5]:22` or `local:8022`, as people write it; without the port where it stays. */
export const formatForwarding = ({ to, port }: Pick<Forwarding, 'to' | 'port'>): string => {
  const host = to === undefined ? 'local' : to.family === 4 ? formatAddress(to) : `[${formatAddress(to)}]`;
  return port === undefined ? host : `${host}:${String(port)}`;
};

/** Why no firewall could do it; a rejection's word (docs/native-packet.md). */
export type ForwardingMisfit = 'forward-of-range' | 'forward-family';

/** A range goes to the same ports or nowhere, and an address is never translated into one of the other family. */
export const forwardingMisfit = (
  { to, port, source }: Forwarding,
  families: readonly Family[],
  ports: readonly PortSpec[],
): ForwardingMisfit | undefined => {
  if (port !== undefined && ports.some((spec) => spec.first !== spec.last)) return 'forward-of-range';
  if (to === undefined) return undefined;
  const others = typeof source === 'string' ? families : [...families, source.family];
  return others.every((family) => family === to.family) ? undefined : 'forward-family';
};
