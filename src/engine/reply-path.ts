import type { IpAddress } from '../base/address.ts';
import type { Port } from '../base/units.ts';

/** How the sender of a packet can be answered. */
export interface ReplyPath {
  /** The port that it came from. */
  readonly sourcePort: Port;
  /** The address of ours that it came to; undefined where a socket received it. */
  readonly at: IpAddress | undefined;
}
