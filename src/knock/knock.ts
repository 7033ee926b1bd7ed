import type { AddressKey } from '../base/address-key.ts';
import type { Protocol } from '../base/port-spec.ts';
import type { UnixMs } from '../base/units.ts';

/** One packet to one port: all that a door looks at. Nothing of it is authenticated. */
export interface Knock {
  /** When it was captured. */
  readonly time: UnixMs;
  readonly source: AddressKey;
  readonly destination: AddressKey;
  readonly protocol: Protocol;
  readonly sourcePort: number;
  /** The destination port, 0 to 65535. */
  readonly port: number;
  /** The flags byte of TCP; 0 for UDP. */
  readonly tcpFlags: number;
  /** Bytes of the whole frame, for people. */
  readonly length: number;
}
