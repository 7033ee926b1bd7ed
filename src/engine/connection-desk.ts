/**
 * Grants that go on while they are used. Shortly before the end of one it is asked whether a connection uses it, and again
 * until it ends; where one does, the grant goes on for a slice. So the kernel closes within a slice of a crash, and one
 * question serves all grants that end together.
 */
import { type Moment, type SteadyMs, steadyMs } from '../base/units.ts';
import type { Grant } from '../grant/grant.ts';
import type { Ledger } from '../grant/ledger.ts';
import type { AskConnectionsEffect } from './effect.ts';

/** By how much a grant that is used goes on. */
export const SLICE_MS = 15_000;
/** How long before its end a grant is first asked about. */
export const LEAD_MS = 3000;
/** The pause between two questions: a multiple of what the last answer took, within these bounds. */
const PAUSE_MS = 500;
const MAX_PAUSE_MS = 1000;
const REST_FACTOR = 4;
/** An answer that has not come by then does not come. */
const PATIENCE_MS = 10_000;

export class ConnectionDesk {
  readonly #ledger: Ledger;
  /** Those near their ends. */
  readonly #near = new Set<Grant>();
  #askedAt: SteadyMs | undefined;
  #next = steadyMs(Number.NEGATIVE_INFINITY);

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** The question of this moment, if there is one. */
  ask(now: SteadyMs): AskConnectionsEffect | undefined {
    for (const grant of this.#ledger.nearEnd(steadyMs(now + LEAD_MS))) this.#near.add(grant);
    for (const grant of this.#near) if (!this.#ledger.holds(grant)) this.#near.delete(grant);
    const isWaiting = this.#askedAt !== undefined && now - this.#askedAt < PATIENCE_MS;
    if (this.#near.size === 0 || isWaiting || now < this.#next) return undefined;
    this.#askedAt = now;
    return { kind: 'ask-connections', grants: [...this.#near] };
  }

  /** Which of those asked about are to go on, given the ids of those that are used. */
  answer(used: readonly string[], { steady }: Moment): readonly Grant[] {
    const took = steady - (this.#askedAt ?? steady);
    this.#next = steadyMs(steady + Math.min(MAX_PAUSE_MS, Math.max(PAUSE_MS, REST_FACTOR * took)));
    this.#askedAt = undefined;
    const ids = new Set(used);
    return [...this.#near].filter((grant) => ids.has(grant.id) && this.#ledger.holds(grant));
  }
}
