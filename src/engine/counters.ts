import { COUNTER_NAMES, type CounterName, type Counts } from './counter-names.ts';

/** Packets by reason since the start. The names are a closed list, so the table cannot grow. */
export class Counters {
  readonly #counts = new Map<CounterName, number>();
  #changed = false;

  add(name: CounterName, count = 1): void {
    if (count <= 0) return;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + count);
    this.#changed = true;
  }

  addAll(counts: Counts): void {
    for (const name of COUNTER_NAMES) this.add(name, counts[name] ?? 0);
  }

  /** Whether anything was added since the last {@link Counters.take}. */
  get changed(): boolean {
    return this.#changed;
  }

  /** The totals, by name in alphabetical order. */
  take(): Counts {
    this.#changed = false;
    return this.look();
  }

  /** The same, and whoever takes them next takes the same. */
  look(): Counts {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
