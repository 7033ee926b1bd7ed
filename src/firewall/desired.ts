/**
 * What the firewall ought to show now: what a back-end compares with and repairs to. Plain data with one rule: an opening
 * or a guard that has ended is not wanted any more, so nothing repaired can outlive its grant, or its trial. A change costs
 * by its own size, however much is open.
 */
import type { PortSpec } from '../base/port-spec.ts';
import type { SteadyMs } from '../base/units.ts';
import { EndQueue } from '../grant/end-queue.ts';
import { type FirewallChange, type Opening, openingKey } from './opening.ts';

/** All that the firewall is to show. */
export interface Wanted {
  /** Ports that are closed to everyone without an opening; canonical. */
  readonly guard: readonly PortSpec[];
  /** When the guard ends by itself, daemon or not; undefined: it stays. */
  readonly guardEnds: SteadyMs | undefined;
  /** Whether openings that forward may come: what that takes is not there where none can. */
  readonly forwards: boolean;
  /** Whether openings that cut may come. */
  readonly cuts?: boolean;
  /** Whether openings for networks may come. */
  readonly widens?: boolean;
  /** Disjoint ({@link layOpenings}), and so are those that cut. */
  readonly openings: readonly Opening[];
}

export const NOTHING_WANTED: Wanted = { guard: [], guardEnds: undefined, forwards: false, openings: [] };

export class DesiredState {
  #wanted: Omit<Wanted, 'openings'> = NOTHING_WANTED;
  readonly #openings = new Map<string, Opening>();
  #ends = this.#noEnds();

  /** What is wanted at `now`. The openings are gathered when they are asked for, to be asked before anything changes. */
  wanted(now: SteadyMs): Wanted {
    const gather = (): readonly Opening[] => this.openings(now);
    let openings: readonly Opening[] | undefined;
    return {
      ...this.#wanted,
      ...(this.isGuardOver(now) ? { guard: [], guardEnds: undefined } : {}),
      get openings() {
        return (openings ??= gather());
      },
    };
  }

  /** The openings that have not ended at `now`. */
  openings(now: SteadyMs): readonly Opening[] {
    return [...this.#openings.values()].filter((opening) => opening.ends > now);
  }

  replace(wanted: Wanted): void {
    const { openings, ...rest } = wanted;
    this.#wanted = rest;
    this.#openings.clear();
    this.#ends = this.#noEnds();
    for (const opening of openings) this.#put(openingKey(opening), opening);
  }

  /** The openings, over or not, that differ from these in their ends at most. */
  held(openings: readonly Opening[]): readonly Opening[] {
    return openings.map((opening) => this.#openings.get(openingKey(opening))).filter((held) => held !== undefined);
  }

  /** The openings that have ended at `now` and are not forgotten yet. */
  ended(now: SteadyMs): readonly Opening[] {
    return this.#ends.due(now);
  }

  /** Whether the guard has ended at `now` and is not forgotten yet. */
  isGuardOver(now: SteadyMs): boolean {
    const { guardEnds } = this.#wanted;
    return guardEnds !== undefined && guardEnds <= now;
  }

  forgetGuard(): void {
    this.#wanted = { ...this.#wanted, guard: [], guardEnds: undefined };
  }

  /** When the next opening ends, or the guard; undefined where nothing does. */
  get nextEnd(): SteadyMs | undefined {
    const [guard, opening] = [this.#wanted.guardEnds, this.#ends.first?.ends];
    return guard === undefined || (opening !== undefined && opening < guard) ? opening : guard;
  }

  /** Takes changes in. The function that comes back takes them out again, where nothing else has come in since. */
  apply(changes: readonly FirewallChange[]): () => void {
    const touched = changes.flatMap(({ close, open }) => [...close, ...open]).map(openingKey);
    const before = touched.map((key) => [key, this.#openings.get(key)] as const);
    for (const { close, open } of changes) {
      for (const opening of close) this.#openings.delete(openingKey(opening));
      for (const opening of open) this.#put(openingKey(opening), opening);
    }
    return () => {
      for (const [key, opening] of before) {
        if (opening === undefined) this.#openings.delete(key);
        else this.#put(key, opening);
      }
    };
  }

  /** Forgets what has ended, so that the state is no larger than the ledger. */
  prune(now: SteadyMs): void {
    for (const opening of this.#ends.take(now)) this.#openings.delete(openingKey(opening));
  }

  #put(key: string, opening: Opening): void {
    this.#openings.set(key, opening);
    this.#ends.put(opening);
  }

  #noEnds(): EndQueue<Opening> {
    return new EndQueue((opening) => this.#openings.get(openingKey(opening)) === opening);
  }
}
