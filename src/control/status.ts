/** What `spad status` tells of the running daemon (docs/control.md). */
import type { FirewallState } from './response.ts';
import { isFirewallState } from './response.ts';
import { type Guard, isBoolean, isNumber, isText, listOf, objectOf, optional, recordOf } from './shape.ts';

/** Where packets are captured. */
export interface ShownCapture {
  /** As the daemon's log says it: the interface and the way. */
  readonly on: string;
  /** When that began last, ISO 8601 in UTC. */
  readonly since: string;
  /** How often it has begun again since the start, for whatever reason: another interface, a reload, an end of the receiver. */
  readonly restarts: number;
}

/** How the configuration was read the last time. */
export interface ShownReload extends ReloadOutcome {
  /** ISO 8601 in UTC. */
  readonly time: string;
}

/** What reading it came to. */
export interface ReloadOutcome {
  /** Whether it is in force; else the one before is. */
  readonly taken: boolean;
  /** `FILE:12: error: …`, and so on: every problem, those that are only warnings included. */
  readonly problems: readonly string[];
  /** Of those that are in force. */
  readonly clients: number;
  /** Names of stanzas and doors that there were not before, and that are gone. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** One of the places that audit lines go to. */
export interface ShownSink {
  readonly sink: 'file' | 'syslog' | 'journald';
  /** Lines since the start. */
  readonly lost: number;
  /** Lines that it has not taken yet. */
  readonly waiting: number;
  /** What the system said last; absent where it works. */
  readonly trouble?: string;
}

/** Packets of one reason. */
export interface ShownCount {
  /** Since the start. */
  readonly total: number;
  /** A second, over the last 10 s and the last minute, or since the start where that is shorter. */
  readonly per10s: number;
  readonly per1min: number;
}

/** A stanza with two keys. */
export interface ShownRotation {
  readonly stanza: string;
  /** The first instant at which the old key no longer holds, ISO 8601 in UTC; also where that is past. */
  readonly until: string;
  /** When a packet made with it was let in last; absent: none since the daemon's start or the rotation. */
  readonly oldUsed?: string;
  readonly newUsed?: string;
}

export interface Status {
  readonly version: string;
  readonly pid: number;
  /** That of the process that captures; absent while there is none. */
  readonly receiverPid?: number;
  /** When the daemon was started, ISO 8601 in UTC. */
  readonly since: string;
  /** For how long it has been running, in milliseconds. */
  readonly uptime: number;
  /** Absent until packets are captured. */
  readonly capture?: ShownCapture;
  readonly via: string;
  readonly firewall: FirewallState;
  /** As `tcp/22`. */
  readonly guard: readonly string[];
  /** When the guard ends unless it is confirmed; absent where it is not on trial. */
  readonly trialUntil?: string;
  readonly clients: number;
  /** The stanzas with two keys, the one whose old key ends first before the others; absent where there is none. */
  readonly rotations?: readonly ShownRotation[];
  readonly grants: number;
  readonly replay: {
    readonly entries: number;
    /** About so much memory. */
    readonly bytes: number;
    /** Packets of this time or earlier are refused; ISO 8601 in UTC. Absent where that is no later than the start. */
    readonly floor?: string;
  };
  /** Whether something keeps the machine's clock; absent where the kernel does not say. */
  readonly clockSynchronised?: boolean;
  /** For how long at a time nothing else could be done lately, in milliseconds; absent where nothing was measured yet. */
  readonly delay?: { readonly max: number; readonly p99: number };
  readonly audit: readonly ShownSink[];
  /** Absent before the first. */
  readonly reload?: ShownReload;
  readonly counts: Readonly<Record<string, ShownCount>>;
}

/** The same in numbers. */
export interface ShownMetrics {
  /** The text exposition of OpenMetrics 1.0. */
  readonly openmetrics: string;
}

const OUTCOME = {
  ...{ taken: isBoolean, problems: listOf(isText), clients: isNumber },
  ...{ added: listOf(isText), removed: listOf(isText) },
};

const isReloadOutcome: Guard<ReloadOutcome> = objectOf<ReloadOutcome>(OUTCOME);

/** The outcome of a reload in an answer; undefined where it is none. */
export const readReloadOutcome = (value: unknown): ReloadOutcome | undefined =>
  isReloadOutcome(value) ? value : undefined;

const isSink: Guard<ShownSink> = (value): value is ShownSink =>
  objectOf<{ sink: string; lost: number; waiting: number; trouble?: string }>({
    ...{ sink: isText, lost: isNumber, waiting: isNumber, trouble: optional(isText) },
  })(value) &&
  (value.sink === 'file' || value.sink === 'syslog' || value.sink === 'journald');

/** Whether a value is a status. */
export const isStatus: Guard<Status> = objectOf<Status>({
  version: isText,
  pid: isNumber,
  receiverPid: optional(isNumber),
  since: isText,
  uptime: isNumber,
  capture: optional(objectOf<ShownCapture>({ on: isText, since: isText, restarts: isNumber })),
  via: isText,
  firewall: isFirewallState,
  guard: listOf(isText),
  trialUntil: optional(isText),
  clients: isNumber,
  rotations: optional(
    listOf(
      objectOf<ShownRotation>({
        ...{ stanza: isText, until: isText, oldUsed: optional(isText), newUsed: optional(isText) },
      }),
    ),
  ),
  grants: isNumber,
  replay: objectOf<Status['replay']>({ entries: isNumber, bytes: isNumber, floor: optional(isText) }),
  clockSynchronised: optional(isBoolean),
  delay: optional(objectOf<{ max: number; p99: number }>({ max: isNumber, p99: isNumber })),
  audit: listOf(isSink),
  reload: optional(objectOf<ShownReload>({ ...OUTCOME, time: isText })),
  counts: recordOf(objectOf<ShownCount>({ total: isNumber, per10s: isNumber, per1min: isNumber })),
});

const isMetrics: Guard<ShownMetrics> = objectOf<ShownMetrics>({ openmetrics: isText });

/** The metrics in an answer; undefined where it has none. */
export const readMetrics = (value: unknown): ShownMetrics | undefined => (isMetrics(value) ? value : undefined);

/** The status in an answer; undefined where it is none. */
export const readStatus = (value: unknown): Status | undefined => (isStatus(value) ? value : undefined);
