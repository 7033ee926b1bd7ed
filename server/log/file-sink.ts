/** The audit log as a file (docs/audit-log.md). */
import { countOf } from '../../src/base/printable.ts';
import type { ShownSink } from '../../src/control/status.ts';
import type { AuditEntry } from '../../src/engine/audit.ts';
import { AuditFile } from './audit-file.ts';
import type { AuditSink } from './audit-sink.ts';
import type { Logger } from './logger.ts';

export class FileSink implements AuditSink {
  readonly #file: AuditFile;
  readonly #logger: Logger;
  #lost = 0;
  /** Since it last worked. */
  #lostNow = 0;
  #trouble: string | undefined;

  /** Throws the system's error. */
  constructor(path: string, logger: Logger) {
    this.#logger = logger;
    this.#file = new AuditFile(path, (message) =>
      logger.warn(`the audit log was moved away, and goes on there, for ${path} cannot be made anew: ${message}`),
    );
  }

  append(entries: readonly AuditEntry[]): void {
    try {
      this.#file.append(entries.map(({ text }) => text));
    } catch (error) {
      this.#lost += entries.length;
      this.#lostNow += entries.length;
      this.#trouble = error instanceof Error ? error.message : String(error);
      throw error;
    }
    if (this.#trouble === undefined) return;
    this.#logger.info(`the audit log is written again; ${countOf(this.#lostNow, 'line')} of it were lost`);
    this.#lostNow = 0;
    this.#trouble = undefined;
  }

  reopen(): void {
    this.#file.reopen();
  }

  close(): void {
    this.#file.close();
  }

  get facts(): ShownSink {
    const trouble = this.#trouble === undefined ? {} : { trouble: this.#trouble };
    return { sink: 'file', lost: this.#lost, waiting: 0, ...trouble };
  }
}
