/**
 * The audit lines, live, for whoever follows them on the control socket. Nobody who reads slowly, not at all or goes away holds
 * anything up: a line is written to a connection only when the one before it has left this process, what comes meanwhile waits
 * in a fixed room, and the oldest of it goes first.
 */
import type { Socket } from 'node:net';
import { err, ok } from '../../src/base/result.ts';
import { LineQueue } from '../../src/control/line-queue.ts';
import { encodeResponse } from '../../src/control/response.ts';

/** Half of the connections that there can be, so that the others can always ask. */
const MAX_READERS = 8;
/** Characters that wait for one reader: about a thousand lines. */
const BEHIND = 256 * 1024;
/** Characters of what was decided last, for readers that come later; of older lines only the log knows. */
const KEPT = 128 * 1024;

const FULL = `${String(MAX_READERS)} readers follow the audit log already, and there is no room for more: end one of them ("spad tail" or "spad watch")`;

class Reader {
  readonly #socket: Socket;
  readonly #queue = new LineQueue(BEHIND);
  #isWriting = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  push(lines: readonly string[]): void {
    for (const line of lines) this.#queue.push(line);
    this.flush();
  }

  flush(): void {
    if (this.#isWriting || this.#socket.destroyed) return;
    const { lost, lines } = this.#queue.take();
    const told = lost > 0 ? [JSON.stringify({ lost }), ...lines] : lines;
    if (told.length === 0) return;
    this.#isWriting = true;
    this.#socket.write(`${told.join('\n')}\n`, () => {
      this.#isWriting = false;
      this.flush();
    });
  }
}

export class AuditFeed {
  readonly #readers = new Set<Reader>();
  readonly #recent = new LineQueue(KEPT);

  /** What goes into the audit log, in its order and without newlines. */
  publish(lines: readonly string[]): void {
    for (const line of lines) this.#recent.push(line);
    for (const reader of this.#readers) reader.push(lines);
  }

  /**
   * Takes the connection over: `last` lines of before, then every line as it comes, until the other side ends its half or
   * writes anything more. Where there are too many already it is refused in a sentence.
   */
  admit(socket: Socket, last: number): void {
    if (socket.destroyed) return;
    if (this.#readers.size >= MAX_READERS) {
      socket.end(`${encodeResponse(err(FULL))}\n`);
      return;
    }
    const reader = new Reader(socket);
    this.#readers.add(reader);
    const leave = (): void => {
      this.#readers.delete(reader);
      socket.destroy();
    };
    socket.on('close', leave).on('end', leave).on('data', leave).resume();
    reader.push([encodeResponse(ok({ following: true })), ...this.#recent.last(last)]);
  }
}
