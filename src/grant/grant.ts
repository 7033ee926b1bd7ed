import type { AllowAddress } from '../base/allow-address.ts';
import type { PortSpec } from '../base/port-spec.ts';
import type { Forwarding } from './forwarding.ts';
import type { SteadyMs, UnixMs } from '../base/units.ts';

/** Permission with an end: one stanza may reach some ports from one address, or one network, until then. */
export interface Grant {
  /** Unique for as long as the ledger lives, also across restarts. */
  readonly id: string;
  readonly stanza: string;
  readonly address: AllowAddress;
  /** Canonical and not empty. */
  readonly ports: readonly PortSpec[];
  /** Where connections to the ports go instead of to this host's own. */
  readonly forwarding?: Forwarding | undefined;
  /** Goes on for as long as a connection uses it. */
  readonly whileConnected?: true;
  /** It has gone on so since it was last asked for. Not in the grant log. */
  readonly prolonged?: true;
  /** Its connections end with it. */
  readonly cuts?: true;
  /** The operator has opened it: no stanza holds it, even one of its name, and it goes on until its end. */
  readonly byHand?: true;
  /** The end, by the clock that cannot step. */
  readonly ends: SteadyMs;
  /** The same end by the wall clock, as it stood when the grant was made: for people and for the file. */
  readonly until: UnixMs;
}
