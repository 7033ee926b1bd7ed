/** Tells of what was refused: each is counted, and of each reason so many a second have a line of their own. */
import type { Moment } from '../base/units.ts';
import type { Rejection } from '../spa/rejection.ts';
import type { AuditLine } from './audit.ts';
import type { Counters } from './counters.ts';
import type { DoorRejection } from './doorkeeper.ts';
import type { Decision } from './effect.ts';
import { Limiter } from './limiter.ts';

/** Rejections of one reason that are written line by line; what is above is counted all the same. */
const AUDIT_PER_SECOND = 5;
const AUDIT_BURST = 50;

export class RejectionDesk {
  readonly #counters: Counters;
  readonly #burst: number;
  readonly #limiters = new Map<Rejection | DoorRejection, Limiter>();

  /** `burst`: refusals of one reason that have lines at once; Infinity for all of them. */
  constructor(counters: Counters, burst = AUDIT_BURST) {
    this.#counters = counters;
    this.#burst = burst;
  }

  /** One line, unless there were too many for this reason lately. */
  tell(line: Omit<AuditLine, 'event'> & { readonly reason: Rejection | DoorRejection }, now: Moment): Decision {
    const { reason } = line;
    this.#counters.add(reason);
    const limiter = this.#limiters.get(reason) ?? new Limiter(AUDIT_PER_SECOND, this.#burst);
    this.#limiters.set(reason, limiter);
    if (limiter.take(now.steady)) return [{ kind: 'audit', line: { event: 'rejected', ...line } }];
    this.#counters.add('unlogged');
    return [];
  }
}
