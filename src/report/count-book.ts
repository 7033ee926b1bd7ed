/** The daemon's counters: they count since its start, so what a line tells is by how much they grew since the line before. */
import { NOT_LOGGED } from './reasons.ts';

/** Names held at most. */
const MAX_NAMES = 300;

export class CountBook {
  #before: Readonly<Record<string, number>> | undefined;
  readonly #totals = new Map<string, number>();

  /** The daemon begins, and with it its counters. */
  restart(): void {
    this.#before = {};
  }

  /** Notes where the counters stand, of a time that is not looked at. */
  pass(counts: Readonly<Record<string, number>>): void {
    this.#before = counts;
  }

  /** By how much packets that no key matches grew. The first line of a log that begins midway tells no growth. */
  take(counts: Readonly<Record<string, number>>): number {
    const before = this.#before;
    this.#before = counts;
    if (before === undefined) return 0;
    let nobodys = 0;
    for (const [name, count] of Object.entries(counts)) {
      const last = before[name] ?? 0;
      // Less than before: a start of which no line tells.
      const grown = count >= last ? count - last : count;
      this.#add(name, grown);
      if (NOT_LOGGED.includes(name)) nobodys += grown;
    }
    return nobodys;
  }

  total(name: string): number {
    return this.#totals.get(name) ?? 0;
  }

  /** Those of {@link NOT_LOGGED} that have grown. */
  nobodys(): readonly (readonly [string, number])[] {
    return [...this.#totals].filter(([name, count]) => count > 0 && NOT_LOGGED.includes(name));
  }

  #add(name: string, grown: number): void {
    if (this.#totals.size < MAX_NAMES || this.#totals.has(name)) this.#totals.set(name, this.total(name) + grown);
  }
}
