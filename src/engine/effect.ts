/**
 * What the engine wants done, as values. A decision is an ordered list of effects: each is done only after the one
 * before it, and where the disk or the firewall fails one, the rest is given up; a failed line of a log gives nothing up.
 * Every failure goes back to the engine ({@link EffectFailure}).
 */
import type { PortSpec } from '../base/port-spec.ts';
import type { FirewallChange, Opening } from '../firewall/opening.ts';
import type { Grant } from '../grant/grant.ts';
import type { GrantEvent } from '../grant/record.ts';
import type { ReplayRecord } from '../replay/cache.ts';
import type { AuditLine } from './audit.ts';

/** Must be durable on disk before the next effect. */
export interface RememberEffect {
  readonly kind: 'remember';
  readonly record: ReplayRecord;
}

/** Carries the ledger's step along, so that its failure can take the step back. */
export interface ChangeFirewallEffect {
  readonly kind: 'change-firewall';
  readonly change: FirewallChange;
  readonly added: readonly Grant[];
  readonly removed: readonly Grant[];
}

/** Makes the firewall show exactly this, whatever it shows now. */
export interface SynchronizeFirewallEffect {
  readonly kind: 'synchronize-firewall';
  readonly guard: readonly PortSpec[];
  readonly openings: readonly Opening[];
}

export interface RecordGrantsEffect {
  readonly kind: 'record-grants';
  readonly events: readonly GrantEvent[];
}

export interface AuditEffect {
  readonly kind: 'audit';
  readonly line: AuditLine;
}

export type Effect =
  RememberEffect | ChangeFirewallEffect | SynchronizeFirewallEffect | RecordGrantsEffect | AuditEffect;

export type Decision = readonly Effect[];

/** An effect that could not be done, with what the machine said. */
export interface EffectFailure {
  readonly effect: Effect;
  readonly message: string;
  /** The decision it was part of. */
  readonly decision: Decision;
}
