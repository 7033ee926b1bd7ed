/**
 * A firewall that is changed step by step, by running programs. What they all need besides is in {@link KeptFirewall}:
 * one step at a time, what ought to be there, ends, repairs.
 */
import type { Wanted } from '../../src/firewall/desired.ts';
import type { Opening } from '../../src/firewall/opening.ts';

export interface ProgramChange {
  /** What goes: closed, ended, or replaced by one of `open` that differs in its end alone. */
  readonly close: readonly Opening[];
  readonly open: readonly Opening[];
}

/** Every method throws FirewallError, its message for the operator, where the firewall is not as asked for then. */
export interface FirewallProgram {
  /** For people: what it is and how it is spoken to. */
  readonly description: string;
  /**
   * Makes the firewall show just this, whatever spad has left there; what is not spad's stays as it is. `isAsked`: at a start or
   * a reload, where what cannot be seen is not to be taken for right either.
   */
  install(wanted: Wanted, isAsked: boolean): Promise<void>;
  /** Carries out a change; `wanted` is all that is to be there afterwards. What is to go may have gone already. */
  change(change: ProgramChange, wanted: Wanted): Promise<void>;
  /** Whether the firewall shows just this. */
  shows(wanted: Wanted): Promise<boolean>;
  /** Takes away all that spad has there; no error where there is nothing. */
  remove(): Promise<void>;
}
