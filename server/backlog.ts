/**
 * Inputs that wait to be decided, first come first served. There is room for so many packets; beyond that the oldest goes,
 * for whoever sent it has long tried again, and the newest is the likeliest to be waited for. Whatever else waits is rare
 * and stays.
 */
import type { Input } from '../src/engine/input.ts';

/** Slots before the first input that are left empty before they are given back. */
const MAX_EMPTY = 1024;

export class Backlog {
  readonly #room: number;
  #inputs: Input[] = [];
  /** Where the first one is. */
  #first = 0;
  #packets = 0;
  #shed = 0;

  /** `room`: packets that can wait. */
  constructor(room: number) {
    this.#room = room;
  }

  get length(): number {
    return this.#inputs.length - this.#first;
  }

  push(input: Input): void {
    this.#inputs.push(input);
    if (!isPacket(input)) return;
    this.#packets += 1;
    if (this.#packets > this.#room) this.#shedOldest();
  }

  /** The one that has waited longest; undefined where none does. */
  take(): Input | undefined {
    if (this.length === 0) return undefined;
    const input = this.#inputs[this.#first];
    this.#first += 1;
    if (input !== undefined && isPacket(input)) this.#packets -= 1;
    if (this.#first > MAX_EMPTY) {
      this.#inputs = this.#inputs.slice(this.#first);
      this.#first = 0;
    }
    return input;
  }

  /** How many packets were let go since this was last asked. */
  takeShed(): number {
    const shed = this.#shed;
    this.#shed = 0;
    return shed;
  }

  #shedOldest(): void {
    const oldest = this.#inputs.findIndex((input, index) => index >= this.#first && isPacket(input));
    // Nearly always the very first.
    if (oldest === this.#first) this.take();
    else {
      this.#inputs.splice(oldest, 1);
      this.#packets -= 1;
    }
    this.#shed += 1;
  }
}

const isPacket = ({ kind }: Input): boolean => kind === 'candidate' || kind === 'fwknop-candidate' || kind === 'knock';
