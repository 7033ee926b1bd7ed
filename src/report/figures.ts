/** What a report says, before it is a page: all of it bounded, however long the log was. */
import type { UnixMs } from '../base/units.ts';
import type { Point } from './axis.ts';

export interface GrantRow {
  readonly begun: UnixMs;
  readonly stanza: string;
  readonly format: string | undefined;
  readonly source: string | undefined;
  readonly allow: string | undefined;
  readonly ports: string | undefined;
  readonly forward: string | undefined;
  /** When it was to end, by the last line about it. */
  until: UnixMs | undefined;
  /** When a line said that it was over; undefined: none did. */
  ended: UnixMs | undefined;
  /** The event that ended it, with its reason where there is one. */
  how: string | undefined;
  /** How often it was extended. */
  extended: number;
}

export interface ClientRow {
  readonly stanza: string;
  readonly granted: number;
  readonly extended: number;
  readonly refused: number;
  readonly last: UnixMs;
  /** For how long something was open, in milliseconds of each step; grants side by side add up. */
  readonly open: readonly Point[];
}

export interface ReasonRow {
  readonly reason: string;
  /** Lines in the log. */
  readonly lines: number;
  /** What the daemon has counted, be it without a line; 0 where its counters are not in the log. */
  readonly counted: number;
}

export interface SourceRow {
  readonly source: string;
  readonly refused: number;
  readonly reasons: readonly (readonly [string, number])[];
  /** Names of stanzas, a few at most. */
  readonly stanzas: readonly string[];
  readonly first: UnixMs;
  readonly last: UnixMs;
}

export interface DaemonRow {
  readonly time: UnixMs;
  readonly event: string;
  readonly what: string;
  readonly isTrouble: boolean;
}

export interface Figures {
  readonly lines: number;
  /** Lines that are no audit lines. */
  readonly damaged: number;
  /** Lines of events that this version does not know. */
  readonly unknown: number;
  /** Good lines that were left out for their time. */
  readonly outside: number;
  /** Of the lines that count; undefined: there were none. */
  readonly range: { readonly from: UnixMs; readonly to: UnixMs } | undefined;
  /** The step of every series, in milliseconds. */
  readonly step: number;
  /** Lines by event. */
  readonly events: Readonly<Record<string, number>>;
  readonly clients: { readonly rows: readonly ClientRow[]; readonly all: number; readonly forgotten: number };
  readonly grants: { readonly latest: readonly GrantRow[]; readonly all: number };
  readonly refusals: {
    readonly all: number;
    /** Refusals that were counted and have no line. */
    readonly unlogged: number;
    readonly byReason: readonly ReasonRow[];
    readonly bySource: readonly SourceRow[];
    readonly sources: number;
    readonly forgotten: number;
  };
  readonly rates: {
    readonly opened: readonly Point[];
    readonly refused: readonly Point[];
    /** Packets that no key matches. */
    readonly nobodys: readonly Point[];
  };
  /** Milliseconds; the worst of each step. */
  readonly delay: { readonly max: readonly Point[]; readonly p99: readonly Point[] };
  readonly daemon: {
    readonly latest: readonly DaemonRow[];
    readonly all: number;
    readonly troubles: number;
    readonly starts: number;
    /** Starts without the end of the run before. */
    readonly withoutEnd: number;
    /** For how long it ran, in milliseconds of each step. */
    readonly ran: readonly Point[];
  };
}
