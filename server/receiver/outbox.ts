/**
 * The receiver's end of the pipe to the authorizer. Under a flood the event loop of this process may never run, so every
 * write is synchronous and none waits. What the pipe does not take at once is kept, in bounds, and goes with the next
 * message or a little later; beyond the bounds the oldest packets are dropped and counted: who sent them has waited longest,
 * and asks again or has given up.
 */
import { encodeHandoff, type Handoff, type ReceiverCount } from '../../src/engine/handoff.ts';
import { Tally } from './tally.ts';

/** Bytes kept for the pipe: some thousands of messages, so that a burst of genuine packets is not lost to a busy authorizer. */
const MOST_KEPT = 1024 * 1024;
/** Dropped in one go, so that each packet beyond the bounds does not cost a walk through all that is kept. */
const ROOM_MADE = MOST_KEPT / 8;
/** Written at a time: the pipe charges for each write, however short. */
const CHUNK = 65_536;
const RETRY_MS = 2;

interface Kept {
  readonly bytes: Uint8Array;
  /** What is lost with it; 0 for what must not be lost: a message from this process itself, and one that has begun. */
  readonly packets: number;
}

export class Outbox {
  /** Writes what is taken at once and tells its length in bytes. */
  readonly #write: (bytes: Uint8Array) => number;
  #kept: Kept[] = [];
  #keptBytes = 0;
  #isRetrying = false;
  /** Whether the pipe did not take all of the last chunk. */
  #isStuck = false;
  readonly #tally = new Tally();

  constructor(write: (bytes: Uint8Array) => number) {
    this.#write = write;
  }

  count(name: ReceiverCount, count = 1): void {
    this.#tally.count(name, count);
  }

  /** Hands the counts over; while the pipe is stuck they are added up until the next time, lest they take the room of packets. */
  flushCounts(): void {
    if (this.#tally.isEmpty || this.#isStuck) return;
    this.#keep({ kind: 'counts', counts: this.#tally.counts() });
    this.#tally.clear();
    this.#flush();
  }

  send(message: Handoff): void {
    // What was counted before a message is told before it, where the pipe takes it.
    this.flushCounts();
    this.#keep(message);
    this.#flush();
    if (this.#keptBytes > MOST_KEPT) this.#dropOldest();
  }

  #keep(message: Handoff): void {
    const bytes = encodeHandoff(message);
    this.#kept.push({ bytes, packets: packetsOf(message) });
    this.#keptBytes += bytes.length;
  }

  #dropOldest(): void {
    let excess = this.#keptBytes - MOST_KEPT + ROOM_MADE;
    this.#kept = this.#kept.filter(({ bytes, packets }) => {
      if (packets === 0 || excess <= 0) return true;
      excess -= bytes.length;
      this.#keptBytes -= bytes.length;
      this.#tally.count('pipe-full', packets);
      return false;
    });
  }

  #flush(): void {
    while (this.#kept.length > 0) {
      const chunk = this.#firstChunk();
      const written = this.#write(chunk);
      this.#keptBytes -= written;
      this.#takeOff(written);
      this.#isStuck = written < chunk.length;
      if (this.#isStuck) {
        this.#retryLater();
        return;
      }
    }
  }

  #retryLater(): void {
    if (this.#isRetrying) return;
    this.#isRetrying = true;
    setTimeout(() => {
      this.#isRetrying = false;
      this.#flush();
    }, RETRY_MS);
  }

  /** What goes in one write. A pipe that was full is asked with one message, lest each packet cost a copy for nothing. */
  #firstChunk(): Uint8Array {
    const [first] = this.#kept;
    if (first !== undefined && this.#isStuck) return first.bytes;
    let length = 0;
    let count = 0;
    for (const { bytes } of this.#kept) {
      if (count > 0 && length + bytes.length > CHUNK) break;
      length += bytes.length;
      count += 1;
    }
    if (first !== undefined && count === 1) return first.bytes;
    const chunk = this.#kept.slice(0, count).map(({ bytes }) => bytes);
    return Buffer.concat(chunk, length);
  }

  #takeOff(written: number): void {
    let whole = 0;
    let rest = written;
    for (const { bytes } of this.#kept) {
      if (rest < bytes.length) break;
      rest -= bytes.length;
      whole += 1;
    }
    this.#kept.splice(0, whole);
    const [begun] = this.#kept;
    if (begun !== undefined && rest > 0) this.#kept[0] = { bytes: begun.bytes.subarray(rest), packets: 0 };
  }
}

const packetsOf = (message: Handoff): number => {
  if (message.kind === 'knocks') return message.knocks.length;
  return message.kind === 'candidate' || message.kind === 'fwknop-candidate' ? 1 : 0;
};
