/** Who was refused lately, and why: one entry for each source, client and reason. */
import type { AuditRecord } from './audit-record.ts';

export interface Refusal {
  readonly source: string;
  /** The stanza or door. */
  readonly client: string;
  readonly reason: string;
  readonly count: number;
  /** When the last one was, ISO 8601 in UTC. */
  readonly time: string;
}

/** More than any screen shows; beyond that the one that was longest ago is forgotten. */
const CAPACITY = 256;

export class RefusalBook {
  readonly #entries = new Map<string, Refusal>();

  /** Anything but a refusal is passed over. */
  add({ event, source = '-', stanza = '-', reason, time }: AuditRecord): void {
    if (event !== 'rejected' && event !== 'failed') return;
    const why = reason ?? event;
    const key = JSON.stringify([source, stanza, why]);
    const count = (this.#entries.get(key)?.count ?? 0) + 1;
    this.#entries.delete(key);
    this.#entries.set(key, { source, client: stanza, reason: why, count, time });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > CAPACITY && oldest !== undefined) this.#entries.delete(oldest);
  }

  /** The latest first. */
  list(): readonly Refusal[] {
    return [...this.#entries.values()].reverse();
  }
}
