/**
 * The audit log as datagrams to syslog or journald. Nothing waits for them: what is not taken at once is kept and tried again.
 * What is kept is bounded, and forgetting costs the oldest lines, which are counted and told.
 */
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { countOf } from '../../src/base/printable.ts';
import type { ShownSink } from '../../src/control/status.ts';
import type { AuditEntry } from '../../src/engine/audit.ts';
import type { SendDatagram } from '../process/local-datagrams.ts';
import type { AuditSink } from './audit-sink.ts';
import type { Logger } from './logger.ts';

/** Lines that wait at most; half a kilobyte each. */
export const MAX_WAITING = 1000;
/** There is no room in the socket now; no datagram may be so long. */
const { EAGAIN, EMSGSIZE } = constants.errno;
const AGAIN_SOON_MS = 50;
const AGAIN_MS = 1000;

export interface DatagramSinkParts {
  readonly name: 'syslog' | 'journald';
  /** The socket, for people. */
  readonly to: string;
  readonly encode: (entry: AuditEntry) => Uint8Array;
  readonly send: SendDatagram;
  readonly logger: Logger;
}

export class DatagramSink implements AuditSink {
  readonly #parts: DatagramSinkParts;
  readonly #waiting: Uint8Array[] = [];
  #lost = 0;
  /** Since it last worked. */
  #lostNow = 0;
  #trouble: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: DatagramSinkParts) {
    this.#parts = parts;
  }

  append(entries: readonly AuditEntry[]): void {
    for (const entry of entries) this.#waiting.push(this.#parts.encode(entry));
    // One that waits for its time is not asked again for every line.
    if (this.#timer === undefined) this.#flush();
    if (this.#waiting.length > MAX_WAITING) {
      this.#lose(this.#waiting.splice(0, this.#waiting.length - MAX_WAITING).length);
      this.#tell('it is too slow');
    }
  }

  /** A socket is found anew with every datagram. */
  reopen(): void {
    this.#flush();
  }

  /** Tries once more; what is not taken now never will be. */
  close(): void {
    this.#flush();
    clearTimeout(this.#timer);
    if (this.#waiting.length === 0) return;
    const { name, logger } = this.#parts;
    logger.warn(`${countOf(this.#waiting.length, 'line')} of the audit log never reached ${name}`);
  }

  get facts(): ShownSink {
    const trouble = this.#trouble === undefined ? {} : { trouble: this.#trouble };
    return { sink: this.#parts.name, lost: this.#lost, waiting: this.#waiting.length, ...trouble };
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (let [next] = this.#waiting; next !== undefined; [next] = this.#waiting) {
      const errno = this.#parts.send(next, false);
      if (errno !== 0 && errno !== EMSGSIZE) {
        if (errno !== EAGAIN) this.#tell(getSystemErrorName(-errno));
        this.#timer = setTimeout(() => this.#flush(), errno === EAGAIN ? AGAIN_SOON_MS : AGAIN_MS).unref();
        return;
      }
      if (errno === EMSGSIZE) this.#lose(1);
      this.#waiting.shift();
    }
    this.#cured();
  }

  #lose(count: number): void {
    this.#lost += count;
    this.#lostNow += count;
  }

  /** Once, until it works again. */
  #tell(trouble: string): void {
    if (this.#trouble !== undefined) return;
    this.#trouble = trouble;
    const { name, to, logger } = this.#parts;
    logger.warn(
      `the audit log does not reach ${name} at ${to}: ${trouble}; up to ${String(MAX_WAITING)} lines wait until it does`,
    );
  }

  #cured(): void {
    if (this.#trouble === undefined) return;
    const { name, logger } = this.#parts;
    logger.info(`the audit log reaches ${name} again; ${countOf(this.#lostNow, 'line')} of it were lost`);
    this.#trouble = undefined;
    this.#lostNow = 0;
  }
}
