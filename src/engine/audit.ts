/** The audit line: one JSON object a decision (docs/audit-log.md). */
import { formatAddress, type IpAddress } from '../base/address.ts';
import { type AllowAddress, formatAllowed } from '../base/allow-address.ts';
import { formatPortSpec, type PortSpec } from '../base/port-spec.ts';
import { printable } from '../base/printable.ts';
import type { UnixMs } from '../base/units.ts';
import { formatForwarding, type Forwarding } from '../grant/forwarding.ts';
import type { Rejection } from '../spa/rejection.ts';
import type { DoorRejection } from './doorkeeper.ts';

export const AUDIT_EVENTS = [
  'started',
  'granted',
  'knocked',
  'commanded',
  'ended',
  'extended',
  'closed',
  'expired',
  'revoked',
  'rejected',
  'failed',
  'restored',
  'reloaded',
  'repaired',
  'woke',
  'confirmed',
  'trial-over',
  'counted',
  'stopped',
] as const;

export type AuditEvent = (typeof AUDIT_EVENTS)[number];

/** Why something that was decided did not happen, why a grant was taken back or went on. */
export type AuditReason =
  | Rejection
  | DoorRejection
  | 'journal-failed'
  | 'over-budget'
  | 'sequence-failed'
  | 'program-failed'
  | 'firewall-failed'
  | 'stanza-removed'
  /** The operator has taken the grant back. */
  | 'operator'
  /** Connections use the grant. */
  | 'connected'
  | 'guard-unconfirmed'
  | 'bad-configuration';

/** For how long at a time nothing else could be done, in milliseconds. */
export interface Delay {
  readonly max: number;
  /** 99 of 100 times it was this or less. */
  readonly p99: number;
}

export interface AuditLine {
  readonly event: AuditEvent;
  readonly stanza?: string;
  /** `control`: the operator has opened it by hand. */
  readonly format?: 'native' | 'fwknop' | 'knock' | 'control';
  /** How a packet of fwknop's came. */
  readonly transport?: 'udp' | 'tcp' | 'icmp' | 'http';
  /** Who sent it, by the packet's own word. */
  readonly user?: string;
  /** Which of the stanza's two keys the packet was made with, while both hold (docs/rotation.md). */
  readonly key?: 'old' | 'new';
  /** The number, where it was an emergency code. */
  readonly code?: number;
  /** Where the packet came from. */
  readonly source?: IpAddress;
  /** The address that was opened or closed, or asked for. */
  readonly allow?: readonly AllowAddress[];
  readonly ports?: readonly PortSpec[];
  /** Where connections to the ports go instead. */
  readonly forward?: Pick<Forwarding, 'to' | 'port'>;
  readonly until?: UnixMs;
  readonly reason?: AuditReason;
  /** The packet's time minus ours, in seconds, where the clock is the reason. */
  readonly skew?: number;
  /** What the machine said, where it failed. */
  readonly detail?: string;
  /** Packets since the start, by reason. */
  readonly counts?: Readonly<Record<string, number>>;
  /** Since the last line that has it. */
  readonly delay?: Delay;
}

export const isoTime = (time: UnixMs): string => new Date(time).toISOString();

/** A line that was written at `time`, and its text without the newline. */
export interface AuditEntry {
  readonly line: AuditLine;
  readonly time: UnixMs;
  readonly text: string;
}

export const auditEntry = (line: AuditLine, time: UnixMs): AuditEntry => ({
  line,
  time,
  text: formatAuditLine(line, time),
});

/** The line, without its newline. Members that say nothing are left out; text from outside is made printable. */
export const formatAuditLine = (line: AuditLine, now: UnixMs): string =>
  JSON.stringify({
    time: isoTime(now),
    event: line.event,
    stanza: line.stanza,
    format: line.format,
    transport: line.transport,
    user: line.user && printable(line.user),
    key: line.key,
    code: line.code,
    source: line.source && formatAddress(line.source),
    allow: line.allow && (line.allow.length === 1 ? line.allow.map(formatAllowed)[0] : line.allow.map(formatAllowed)),
    ports: line.ports?.map(formatPortSpec),
    forward: line.forward && formatForwarding(line.forward),
    until: line.until && isoTime(line.until),
    reason: line.reason,
    skew: line.skew,
    detail: line.detail && printable(line.detail),
    counts: line.counts,
    delay: line.delay,
  });
