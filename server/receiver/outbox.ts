/**
 * The receiver's end of the pipe to the authorizer. Under a flood the event loop of this process may never run, so every
 * write is synchronous and none waits. What the pipe does not take at once is kept, in bounds, and goes with the next
 * message or a little later; beyond the bounds it is dropped and counted.
 */
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { encodeHandoff, type Handoff, type ReceiverCount } from '../../src/engine/handoff.ts';
import { Tally } from './tally.ts';

const DESCRIPTOR = 3;
/** Exit status when the authorizer has gone; nobody is left to read it. */
const ORPHANED = 70;
/** Bytes kept for the pipe: some thousands of messages, so that a burst of genuine packets is not lost to a busy authorizer. */
const MOST_KEPT = 1024 * 1024;
/** Written at a time: the pipe charges for each write, however short. */
const CHUNK = 65_536;
const RETRY_MS = 2;

export class Outbox {
  readonly #pipe: Socket;
  /** What the pipe has not taken; the first may be the rest of a message. */
  #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #isRetrying = false;
  readonly #tally = new Tally();

  constructor() {
    // Opening it as a stream makes the descriptor non-blocking, and tells when the other end closes.
    this.#pipe = new Socket({ fd: DESCRIPTOR, readable: true, writable: false });
    this.#pipe.on('close', () => process.exit(ORPHANED));
    this.#pipe.on('error', () => process.exit(ORPHANED));
    this.#pipe.resume();
  }

  count(name: ReceiverCount, count = 1): void {
    this.#tally.count(name, count);
  }

  /** Hands the counts over; what cannot be handed over now is kept for the next time. */
  flushCounts(): void {
    if (this.#tally.isEmpty) return;
    if (this.send({ kind: 'counts', counts: this.#tally.counts() })) this.#tally.clear();
  }

  /** Whether the pipe has taken the message, or will. */
  send(message: Handoff): boolean {
    // What was counted before a message is told before it.
    if (message.kind !== 'counts') this.flushCounts();
    const bytes = encodeHandoff(message);
    if (this.#keptBytes + bytes.length > MOST_KEPT) {
      this.#flush();
      if (this.#keptBytes + bytes.length > MOST_KEPT) return false;
    }
    this.#kept.push(bytes);
    this.#keptBytes += bytes.length;
    this.#flush();
    return true;
  }

  #flush(): void {
    while (this.#kept.length > 0) {
      const chunk = this.#takeChunk();
      const written = this.#write(chunk);
      this.#keptBytes -= written;
      if (written < chunk.length) {
        this.#kept.unshift(chunk.subarray(written));
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

  /** Takes off what goes in one write. */
  #takeChunk(): Uint8Array {
    const [first = new Uint8Array(0)] = this.#kept;
    let length = 0;
    let count = 0;
    for (const bytes of this.#kept) {
      if (count > 0 && length + bytes.length > CHUNK) break;
      length += bytes.length;
      count += 1;
    }
    const taken = this.#kept.splice(0, count);
    return count === 1 ? first : Buffer.concat(taken, length);
  }

  #write(bytes: Uint8Array): number {
    try {
      return writeSync(DESCRIPTOR, bytes);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return 0;
      process.exit(ORPHANED);
    }
  }
}
