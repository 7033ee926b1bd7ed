/**
 * The audit line for the logs of the system: as RFC 5424 for syslog, as a datagram of journald's own protocol
 * (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/). The message is the JSON line in both, beside members of its own for who filters.
 */
import { formatAddress } from '../base/address.ts';
import { formatAllowed } from '../base/allow-address.ts';
import { formatPortSpec } from '../base/port-spec.ts';
import { printable } from '../base/printable.ts';
import { encodeUtf8 } from '../bytes/encoding.ts';
import { type AuditEntry, type AuditEvent, type AuditLine, isoTime } from './audit.ts';

/** RFC 5424, tables 1 and 2. */
const AUTHPRIV = 10;
const [ERROR, WARNING, NOTICE, INFO] = [3, 4, 5, 6] as const;

const SEVERITIES: Readonly<Record<AuditEvent, number>> = {
  ...{ started: NOTICE, stopped: NOTICE, confirmed: NOTICE, reloaded: NOTICE, restored: NOTICE },
  ...{ granted: NOTICE, knocked: NOTICE, commanded: NOTICE, extended: NOTICE, revoked: NOTICE },
  ...{ closed: INFO, expired: INFO, ended: INFO, woke: INFO, counted: INFO },
  ...{ rejected: WARNING, repaired: WARNING, 'trial-over': WARNING, failed: ERROR },
};

const severityOf = ({ event, reason }: AuditLine): number =>
  reason === 'bad-configuration' || reason === 'program-failed' ? WARNING : SEVERITIES[event];

/** The number that RFC 5612 keeps for whoever has none: spad is not registered with IANA. */
const STRUCTURED_ID = 'spad@32473';

/** What somebody may filter by. */
const membersOf = (line: AuditLine): readonly (readonly [name: string, value: string])[] => {
  const { stanza, format, source, allow, ports, until, reason, detail } = line;
  const members: readonly (readonly [string, string | undefined])[] = [
    ...([['stanza', stanza] as const, ['format', format] as const] as const),
    ['source', source && formatAddress(source)],
    ['allow', allow?.map(formatAllowed).join(',')],
    ['ports', ports?.map(formatPortSpec).join(',')],
    ['until', until && isoTime(until)],
    ...([['reason', reason] as const, ['detail', detail && printable(detail)] as const] as const),
  ];
  return members.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
};

/** Who writes: the name of the host, and the process id. */
export interface Writer {
  readonly host: string;
  readonly pid: number;
}

/** RFC 5424, section 6, without the byte order mark: the text is ASCII unless a name in it is not. */
export const formatSyslog = ({ line, time, text }: AuditEntry, { host, pid }: Writer): Uint8Array => {
  const priority = AUTHPRIV * 8 + severityOf(line);
  const params = membersOf(line).map(([name, value]) => ` ${name}="${value.replace(/["\\\]]/g, String.raw`\$&`)}"`);
  const structured = params.length === 0 ? '-' : `[${STRUCTURED_ID}${params.join('')}]`;
  const hostname = /^[!-~]{1,255}$/.test(host) ? host : '-';
  const head = `<${String(priority)}>1 ${isoTime(time)} ${hostname} spad ${String(pid)} ${line.event}`;
  return encodeUtf8(`${head} ${structured} ${text}`);
};

/** One entry of the journal. */
export const encodeJournalEntry = ({ line, text }: AuditEntry): Uint8Array => {
  const fields: readonly (readonly [string, string])[] = [
    ['MESSAGE', text],
    ['PRIORITY', String(severityOf(line))],
    ['SYSLOG_FACILITY', String(AUTHPRIV)],
    ['SYSLOG_IDENTIFIER', 'spad'],
    ['SPAD_EVENT', line.event],
    ...membersOf(line).map(([name, value]) => [`SPAD_${name.toUpperCase()}`, value] as const),
  ];
  // A value with a newline would need its length; texts from outside have been made printable.
  return encodeUtf8(fields.map(([name, value]) => `${name}=${value.replaceAll('\n', ' ')}\n`).join(''));
};
