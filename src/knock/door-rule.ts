/** A door as the daemon serves it beside SPA: knockd's, and what knockd lacks. */
import type { Cidr } from '../base/address.ts';
import type { PortSpec } from '../base/port-spec.ts';
import type { Seconds } from '../base/units.ts';
import type { HmacKey } from '../crypto/hmac.ts';
import type { Door, KnockStep } from './door.ts';
import type { PortRange } from './timed-sequence.ts';

/** So many opens in so long, from whatever addresses: it limits work, for addresses can be forged. */
export interface OpenRate {
  readonly opens: number;
  readonly window: Seconds;
}

/** Sequences that follow from the minute; the door's own steps are empty then. */
export interface TimedRule {
  readonly key: HmacKey;
  readonly count: number;
  readonly range: PortRange;
}

export interface DoorRule {
  readonly door: Door;
  /** What it opens for the knocker without a command; canonical, may be empty. */
  readonly open: readonly PortSpec[];
  /** How long those ports stay open. */
  readonly openFor: Seconds;
  /** They stay open for as long as an established connection uses them. */
  readonly whileConnected: boolean;
  /** Established connections end when they close. */
  readonly dropOnExpiry: boolean;
  /** Where a knocker may come from. */
  readonly sources: readonly Cidr[];
  readonly rate: OpenRate | undefined;
  readonly timed: TimedRule | undefined;
  /** For a one-time door the sequences after the present one, in their order. */
  readonly nextSteps: readonly (readonly KnockStep[])[];
}
