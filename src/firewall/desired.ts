/**
 * What the firewall ought to show now: what a back-end compares with and repairs to. Plain data with one rule: an opening
 * that has ended is not wanted any more, so nothing repaired can outlive its grant.
 */
import type { PortSpec } from '../base/port-spec.ts';
import type { SteadyMs } from '../base/units.ts';
import { type FirewallChange, type Opening, openingKey } from './opening.ts';

export class DesiredState {
  #guard: readonly PortSpec[] = [];
  readonly #openings = new Map<string, Opening>();

  get guard(): readonly PortSpec[] {
    return this.#guard;
  }

  /** The openings that have not ended at `now`. */
  openings(now: SteadyMs): readonly Opening[] {
    return [...this.#openings.values()].filter((opening) => opening.ends > now);
  }

  replace(guard: readonly PortSpec[], openings: readonly Opening[]): void {
    this.#guard = guard;
    this.#openings.clear();
    for (const opening of openings) this.#openings.set(openingKey(opening), opening);
  }

  /** Takes changes in. The function that comes back takes them out again, where nothing else has come in since. */
  apply(changes: readonly FirewallChange[]): () => void {
    const touched = changes.flatMap(({ close, open }) => [...close, ...open]).map(openingKey);
    const before = touched.map((key) => [key, this.#openings.get(key)] as const);
    for (const { close, open } of changes) {
      for (const opening of close) this.#openings.delete(openingKey(opening));
      for (const opening of open) this.#openings.set(openingKey(opening), opening);
    }
    return () => {
      for (const [key, opening] of before) {
        if (opening === undefined) this.#openings.delete(key);
        else this.#openings.set(key, opening);
      }
    };
  }

  /** Forgets what has ended, so that the state is no larger than the ledger. */
  prune(now: SteadyMs): void {
    for (const [key, opening] of this.#openings) if (opening.ends <= now) this.#openings.delete(key);
  }
}
