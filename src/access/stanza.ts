import type { Cidr } from '../base/address.ts';
import type { PortSpec } from '../base/port-spec.ts';
import type { Seconds, UnixMs } from '../base/units.ts';
import type { Forwarding } from '../grant/forwarding.ts';
import type { ForwardRule } from './forward-rule.ts';
import type { GrantTerms } from './terms.ts';

/** One access rule set: who it is, and what they may ask for. `[access NAME]` in spad.conf. */
export interface Stanza extends GrantTerms {
  readonly name: string;
  /** Ports that may be asked for, canonical. */
  readonly allow: readonly PortSpec[];
  /** What opens when the client names no port; canonical, inside `allow`, may be empty. */
  readonly defaultPorts: readonly PortSpec[];
  readonly openFor: Seconds;
  /** A longer wish is cut to this. */
  readonly maxOpenFor: Seconds;
  /** Where packets may come from and which addresses may be opened. */
  readonly sources: readonly Cidr[];
  /** Whether an IPv6 address opens for the /64 that it is in, so that the client may change it. */
  readonly widenIpv6: boolean;
  /** Only an address sealed in the packet opens, never the packet's own source. */
  readonly requireAddress: boolean;
  /** Where the client may have its ports forwarded; none: nowhere. */
  readonly forward: readonly ForwardRule[];
  /** What inner hosts see as the source. */
  readonly forwardSource: Forwarding['source'];
  /** Whether a client that asks for a reply gets one. */
  readonly reply: boolean;
  /** The first instant at which the stanza no longer holds. */
  readonly expires: UnixMs | undefined;
}
