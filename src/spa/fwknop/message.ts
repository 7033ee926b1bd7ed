import type { IpAddress } from '../../base/address.ts';
import type { PortSpec } from '../../base/port-spec.ts';
import type { Port, Seconds, UnixMs } from '../../base/units.ts';

/** fwknop's message types; the place in the list is the number on the wire (docs/fwknop-packet.md). */
export const FWKNOP_TYPES = [
  'command',
  'access',
  'nat-access',
  'timeout-access',
  'timeout-nat-access',
  'local-nat-access',
  'timeout-local-nat-access',
] as const;

export type FwknopType = (typeof FWKNOP_TYPES)[number];

/** What a packet of fwknop says once unsealed. */
export interface FwknopMessage {
  /** 16 decimal digits. */
  readonly random: string;
  readonly user: string;
  /** When the client made it, by the client's clock, in whole seconds. */
  readonly time: UnixMs;
  /** The client's, such as `3.0.0`; nobody looks at it. */
  readonly version: string;
  readonly type: FwknopType;
  /** Undefined where the packet says 0.0.0.0: the packet's own source. */
  readonly allow: IpAddress | undefined;
  /** Single ports in the client's order, at least one; none where the type is `command`. */
  readonly ports: readonly PortSpec[];
  /** Empty unless the type is `command`. */
  readonly command: string;
  /** Where the connection shall go, in the types with `nat`: a host (an address or a name, not looked up) and its port. */
  readonly nat: { readonly host: string; readonly port: Port } | undefined;
  /** fwknop's field of that name, which its own client never sends and its server ignores. */
  readonly serverAuth: string | undefined;
  /** How long the client asks for, in the types with `timeout`. */
  readonly timeout: Seconds | undefined;
}
