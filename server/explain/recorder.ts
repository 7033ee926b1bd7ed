/** Where the receiver's loops hand over to, in place of the pipe to an authorizer: what one frame came to. */
import type { Handoff, ReceiverCount } from '../../src/engine/handoff.ts';

export class Recorder {
  messages: Handoff[] = [];
  counts: ReceiverCount[] = [];

  count(name: ReceiverCount): void {
    this.counts.push(name);
  }

  send(message: Handoff): void {
    this.messages.push(message);
  }

  /** Counts are never handed over here. */
  flushCounts(): void {
    // What was counted stays for clear().
  }

  clear(): void {
    this.messages = [];
    this.counts = [];
  }
}
