import type { Cidr, IpAddress } from '../base/address.ts';
import type { PortSpec } from '../base/port-spec.ts';
import type { Port, Seconds, UnixMs } from '../base/units.ts';

export type RequestType = 'open' | 'close' | 'command';

/** Where a forwarded connection goes: to another host behind the server, or to another port of the server itself. */
export type Forward =
  | { readonly kind: 'address'; readonly address: IpAddress; readonly port: Port }
  | { readonly kind: 'local'; readonly port: Port };

/** What an SPA packet says once unsealed. Lists are in canonical order (docs/native-packet.md). */
export interface SpaRequest {
  readonly type: RequestType;
  /** When the client made the packet, by the client's clock. */
  readonly time: UnixMs;
  /** How long the client asks for; 0 asks for the stanza's default. */
  readonly openFor: Seconds;
  readonly reply: boolean;
  /** Addresses to open for, at most 2; none asks for the packet's own source address. */
  readonly addresses: readonly Cidr[];
  /** Ports to open, at most 16; none asks for the stanza's default ports. */
  readonly ports: readonly PortSpec[];
  readonly forward: Forward | undefined;
  /** Empty unless the type is `command`. */
  readonly command: string;
}
