/** What waits for the engine: inputs, in their order. */
import type { Input } from '../src/engine/input.ts';

/** Packets that wait while a batch is being performed; the oldest go first when there are more. */
const MAX_WAITING = 8192;

const PACKETS: readonly Input['kind'][] = ['candidate', 'fwknop-candidate', 'knock'];

export class Inbox {
  #waiting: Input[] = [];

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  put(input: Input): void {
    this.#waiting.push(input);
    if (this.#waiting.length > MAX_WAITING) this.#shed();
  }

  /** All that waits. */
  take(): readonly Input[] {
    const batch = this.#waiting;
    this.#waiting = [];
    return batch;
  }

  /** Lets go of the oldest packet; whatever else waits is rare and stays. */
  #shed(): void {
    const oldest = this.#waiting.findIndex(({ kind }) => PACKETS.includes(kind));
    if (oldest < 0) return;
    this.#waiting.splice(oldest, 1);
    this.#waiting.push({ kind: 'counted', counts: { shed: 1 } });
  }
}
