/**
 * The receiver's end of the pipe to the authorizer. Under a flood the event loop of this process may never run, so every
 * write is synchronous and none waits: what the pipe does not take at once is dropped and counted.
 */
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { encodeHandoff, type Handoff, type ReceiverCount } from '../../src/engine/handoff.ts';

const DESCRIPTOR = 3;
/** Exit status when the authorizer has gone; nobody is left to read it. */
const ORPHANED = 70;

export class Outbox {
  readonly #pipe: Socket;
  /** The rest of a message that the pipe took in part. */
  #rest: Uint8Array = new Uint8Array(0);
  #counts: Partial<Record<ReceiverCount, number>> = {};

  constructor() {
    // Opening it as a stream makes the descriptor non-blocking, and tells when the other end closes.
    this.#pipe = new Socket({ fd: DESCRIPTOR, readable: true, writable: false });
    this.#pipe.on('close', () => process.exit(ORPHANED));
    this.#pipe.on('error', () => process.exit(ORPHANED));
    this.#pipe.resume();
  }

  count(name: ReceiverCount, count = 1): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + count;
  }

  /** Hands the counts over; what cannot be handed over now is kept for the next time. */
  flushCounts(): void {
    if (Object.keys(this.#counts).length === 0) return;
    if (this.send({ kind: 'counts', counts: this.#counts })) this.#counts = {};
  }

  /** Whether the pipe took the message. */
  send(message: Handoff): boolean {
    if (!this.#drain()) return false;
    const bytes = encodeHandoff(message);
    const written = this.#write(bytes);
    // A stream may take a part; then the rest goes first next time, or the reader would lose its place.
    if (written > 0) this.#rest = bytes.subarray(written);
    return written > 0;
  }

  #drain(): boolean {
    if (this.#rest.length > 0) this.#rest = this.#rest.subarray(this.#write(this.#rest));
    return this.#rest.length === 0;
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
