/** Audit lines as they are read again (docs/audit-log.md), by the program or the version that wrote them or by another one. */
import { type Cidr, cidrContains, parseAddress } from '../base/address.ts';
import { parseFields } from './request.ts';
import { type Guard, isNumber, isText, listOf, objectOf, optional, recordOf } from './shape.ts';

/** What an audit line says; more members do no harm. */
export interface AuditRecord {
  /** ISO 8601 in UTC. */
  readonly time: string;
  readonly event: string;
  readonly stanza?: string;
  readonly format?: string;
  readonly transport?: string;
  readonly user?: string;
  readonly key?: string;
  readonly code?: number;
  readonly source?: string;
  readonly allow?: string | readonly string[];
  readonly ports?: readonly string[];
  readonly forward?: string;
  readonly until?: string;
  readonly reason?: string;
  readonly skew?: number;
  readonly detail?: string;
  readonly counts?: Readonly<Record<string, number>>;
}

/** A line of who follows: what was decided, or how many lines are not there because it was too slow. */
export type FollowedLine =
  { readonly kind: 'record'; readonly record: AuditRecord } | { readonly kind: 'lost'; readonly count: number };

const isTextOrList: Guard<string | readonly string[]> = (value): value is string | readonly string[] =>
  isText(value) || listOf(isText)(value);

const isAuditRecord: Guard<AuditRecord> = objectOf<AuditRecord>({
  ...{ time: isText, event: isText, stanza: optional(isText), format: optional(isText), transport: optional(isText) },
  ...{
    user: optional(isText),
    key: optional(isText),
    code: optional(isNumber),
    source: optional(isText),
    allow: optional(isTextOrList),
  },
  ...{ ports: optional(listOf(isText)), forward: optional(isText), until: optional(isText), reason: optional(isText) },
  ...{ skew: optional(isNumber), detail: optional(isText), counts: optional(recordOf(isNumber)) },
});

/** Undefined where the line is none of these. */
export const decodeFollowed = (line: string): FollowedLine | undefined => {
  const fields = parseFields(line);
  if (isAuditRecord(fields)) return { kind: 'record', record: fields };
  const lost = fields?.['lost'];
  return isNumber(lost) ? { kind: 'lost', count: lost } : undefined;
};

/** Which records are wanted: those that have one of each list; an empty list wants all. */
export interface RecordFilter {
  readonly events: readonly string[];
  readonly reasons: readonly string[];
  /** Stanzas or doors. */
  readonly clients: readonly string[];
  /** Where the packet may have come from. */
  readonly sources: readonly Cidr[];
}

export const isWanted = (record: AuditRecord, { events, reasons, clients, sources }: RecordFilter): boolean =>
  isOneOf(events, record.event) &&
  isOneOf(reasons, record.reason) &&
  isOneOf(clients, record.stanza) &&
  (sources.length === 0 || isWithin(sources, record.source));

const isOneOf = (words: readonly string[], word: string | undefined): boolean =>
  words.length === 0 || (word !== undefined && words.includes(word));

const isWithin = (sources: readonly Cidr[], text: string | undefined): boolean => {
  const address = text === undefined ? undefined : parseAddress(text);
  return address !== undefined && sources.some((cidr) => cidrContains(cidr, address));
};
