import { formatAddress, type IpAddress } from '../base/address.ts';
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
