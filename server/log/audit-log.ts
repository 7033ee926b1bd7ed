/**
 * The audit log: every line goes to each of its sinks. One that fails keeps no line from the others, and nothing from being
 * opened; it says so once, and when it works again, and how many lines were lost meanwhile.
 */
import { endianness, hostname } from 'node:os';
import type { ShownSink } from '../../src/control/status.ts';
import { localAddress } from '../../src/control/local-address.ts';
import type { AuditEntry } from '../../src/engine/audit.ts';
import { encodeJournalEntry, formatSyslog } from '../../src/engine/audit-message.ts';
import type { AuditSinkName } from '../../src/config/daemon-directives.ts';
import { openDatagrams } from '../process/local-datagrams.ts';
import type { AuditSink } from './audit-sink.ts';
import { DatagramSink } from './datagram-sink.ts';
import { FileSink } from './file-sink.ts';
import type { Logger } from './logger.ts';

/** systemd-journald.service(8) */
const JOURNALD_SOCKET = '/run/systemd/journal/socket';

export interface AuditLogSettings {
  readonly audit: readonly AuditSinkName[];
  readonly audit_log: string;
  readonly syslog_socket: string;
}

export class AuditLog {
  readonly #sinks: readonly AuditSink[];

  /** Throws the system's error where the file cannot be opened; syslog and journald may come later. */
  constructor(settings: AuditLogSettings, logger: Logger) {
    this.#sinks = settings.audit.map((name) => openSink(name, settings, logger));
  }

  /** Throws the error of the first sink that has one, once all have been given the lines. */
  append(entries: readonly AuditEntry[]): void {
    const errors: unknown[] = [];
    for (const sink of this.#sinks) {
      try {
        sink.append(entries);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  /** As {@link AuditSink.reopen}. */
  reopen(): void {
    for (const sink of this.#sinks) sink.reopen();
  }

  close(): void {
    for (const sink of this.#sinks) sink.close();
  }

  facts(): readonly ShownSink[] {
    return this.#sinks.map(({ facts }) => facts);
  }
}

const openSink = (name: AuditSinkName, settings: AuditLogSettings, logger: Logger): AuditSink => {
  const writer = { host: hostname(), pid: process.pid };
  switch (name) {
    case 'file':
      return new FileSink(settings.audit_log, logger);
    case 'syslog':
      return datagramSink(name, settings.syslog_socket, (entry) => formatSyslog(entry, writer), logger);
    case 'journald':
      return datagramSink(name, JOURNALD_SOCKET, encodeJournalEntry, logger);
  }
};

const datagramSink = (
  name: 'syslog' | 'journald',
  socket: string,
  encode: (entry: AuditEntry) => Uint8Array,
  logger: Logger,
): AuditSink => {
  const address = localAddress(socket, endianness() === 'LE');
  if (address === undefined) throw new Error(`${socket} cannot be the path of a socket`);
  return new DatagramSink({ name, to: socket, encode, send: openDatagrams(address), logger });
};
