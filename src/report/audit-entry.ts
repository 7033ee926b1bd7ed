/** One line of an audit log (docs/audit-log.md), read back. A log may be damaged, or by anybody: nothing in it is believed. */
import { stillPrintable } from '../base/printable.ts';
import { type UnixMs, unixMs } from '../base/units.ts';

export interface AuditEntry {
  readonly time: UnixMs;
  readonly event: string;
  readonly stanza: string | undefined;
  readonly format: string | undefined;
  readonly source: string | undefined;
  /** Addresses, with commas between. */
  readonly allow: string | undefined;
  /** With commas between. */
  readonly ports: string | undefined;
  readonly forward: string | undefined;
  readonly until: UnixMs | undefined;
  readonly reason: string | undefined;
  readonly detail: string | undefined;
  /** Packets by reason since the daemon's start. */
  readonly counts: Readonly<Record<string, number>> | undefined;
  /** Milliseconds. */
  readonly delay: { readonly max: number; readonly p99: number } | undefined;
}

/** Characters of a member at most. Addresses and names of stanzas are shorter. */
const MAX_TEXT = 120;
const MAX_ITEMS = 20;
/** Members of `counts` at most; the daemon has some sixty. */
const MAX_COUNTS = 200;
/** The year 2100: a time beyond is a fault in the file. */
const LAST_TIME = Date.UTC(2100, 0, 1);

/** Undefined where the line is no audit line: no JSON, no object, no time or no event. */
export const parseAuditLine = (line: string): AuditEntry | undefined => {
  const value = parseObject(line);
  const time = timeOf(value?.['time']);
  const event = textOf(value?.['event']);
  if (value === undefined || time === undefined || event === undefined) return undefined;
  // Member by member: spreads would take half of the time that a long log takes.
  return {
    time,
    event,
    stanza: textOf(value['stanza']),
    format: textOf(value['format']),
    source: textOf(value['source']),
    allow: listOf(value['allow']),
    ports: listOf(value['ports']),
    forward: textOf(value['forward']),
    until: timeOf(value['until']),
    reason: textOf(value['reason']),
    detail: textOf(value['detail']),
    counts: countsOf(value['counts']),
    delay: delayOf(value['delay']),
  };
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const parseObject = (line: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

const visible = (text: string): string => {
  if (text.length <= MAX_TEXT && /^[ -~]*$/.test(text)) return text;
  const characters = Array.from(text.slice(0, 2 * MAX_TEXT + 2));
  const safe = stillPrintable(characters.slice(0, MAX_TEXT).join(''));
  return characters.length > MAX_TEXT ? `${safe}…` : safe;
};

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? visible(value) : undefined;

const listOf = (value: unknown): string | undefined => {
  if (!Array.isArray(value)) return textOf(value);
  const items: readonly unknown[] = value;
  return textOf(
    items
      .slice(0, MAX_ITEMS)
      .flatMap((item) => textOf(item) ?? [])
      .join(', '),
  );
};

/** Reads an instant in UTC as the audit log writes it, `2026-11-20T14:13:28.136Z`; the seconds may be whole. */
export const timeOf = (value: unknown): UnixMs | undefined => {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z$/.test(value)) return undefined;
  const time = Date.parse(value);
  return time >= 0 && time < LAST_TIME ? unixMs(time) : undefined;
};

const isCount = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 2 ** 53;

const countsOf = (value: unknown): AuditEntry['counts'] => {
  if (!isObject(value)) return undefined;
  const entries = Object.entries(value).filter((entry): entry is [string, number] => isCount(entry[1]));
  return Object.fromEntries(entries.slice(0, MAX_COUNTS).map(([name, count]) => [visible(name), count]));
};

const delayOf = (value: unknown): AuditEntry['delay'] => {
  if (!isObject(value)) return undefined;
  const { max, p99 } = value;
  return isCount(max) && isCount(p99) ? { max, p99 } : undefined;
};
