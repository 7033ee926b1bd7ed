/** A place that audit lines go to. */
import type { ShownSink } from '../../src/control/status.ts';
import type { AuditEntry } from '../../src/engine/audit.ts';

export interface AuditSink {
  /** Throws the system's error where the lines are lost and that has to be told now. */
  append(entries: readonly AuditEntry[]): void;
  /** Begins a new file where the old one was moved away. Throws the system's error. */
  reopen(): void;
  close(): void;
  readonly facts: ShownSink;
}
