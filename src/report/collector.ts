/**
 * Reads an audit log line by line, forward and once, and holds only what the report needs: tables of bounded size and series
 * on one axis of bounded length. A log of any length takes the same memory.
 */
import { AUDIT_EVENTS } from '../engine/audit.ts';
import type { UnixMs } from '../base/units.ts';
import { type AuditEntry, parseAuditLine } from './audit-entry.ts';
import { Axis, type Series } from './axis.ts';
import { CountBook } from './count-book.ts';
import { DaemonBook } from './daemon-book.ts';
import type { ClientRow, Figures } from './figures.ts';
import { GrantBook } from './grant-book.ts';
import { RefusalFigures } from './refusal-figures.ts';
import { type Counted, TopTable } from './top-table.ts';

/** The lines that count; without an end of its own the log's. */
export interface Period {
  readonly since?: UnixMs | undefined;
  readonly until?: UnixMs | undefined;
}

const MAX_CLIENTS = 1000;
const SHOWN_CLIENTS = 50;

interface Client extends Counted {
  granted: number;
  extended: number;
  refused: number;
  last: UnixMs | undefined;
  readonly open: Series;
}

const EVENTS: readonly string[] = AUDIT_EVENTS;

export class Collector {
  readonly #period: Period;
  readonly #axis = new Axis();
  readonly #series = {
    ...{ opened: this.#axis.series(), refused: this.#axis.series(), nobodys: this.#axis.series() },
    ...{ max: this.#axis.series(Math.max), p99: this.#axis.series(Math.max) },
  };
  readonly #clients = new TopTable<Client>(
    MAX_CLIENTS,
    () => ({ count: 0, granted: 0, extended: 0, refused: 0, last: undefined, open: this.#axis.series() }),
    ({ open }) => this.#axis.drop(open),
  );
  readonly #grants = new GrantBook((stanza, from, to) => this.#clients.find(stanza)?.open.cover(from, to));
  readonly #refusals = new RefusalFigures();
  readonly #counts = new CountBook();
  readonly #daemon = new DaemonBook(this.#axis.series());
  readonly #events = new Map<string, number>();
  #lines = 0;
  #damaged = 0;
  #unknown = 0;
  #outside = 0;

  constructor(period: Period = {}) {
    this.#period = period;
  }

  /** Takes the next line; undefined: one that was too long to be held. Empty lines are none. */
  take(line: string | undefined): void {
    if (line === '') return;
    this.#lines += 1;
    const entry = line === undefined ? undefined : parseAuditLine(line);
    if (entry === undefined) this.#damaged += 1;
    else if (this.#isOutside(entry)) this.#pass(entry);
    else if (EVENTS.includes(entry.event)) this.#note(entry);
    else this.#unknown += 1;
  }

  /** The log is over. To be called once. */
  finish(): Figures {
    const range = this.#axis.range;
    if (range !== undefined) this.#grants.close(range.to);
    this.#daemon.close();
    const { opened, refused, nobodys, max, p99 } = this.#series;
    return {
      ...{ lines: this.#lines, damaged: this.#damaged, unknown: this.#unknown, outside: this.#outside },
      ...{ range, step: this.#axis.step, events: Object.fromEntries(this.#events) },
      clients: {
        rows: this.#clients.top(SHOWN_CLIENTS).flatMap(clientRow),
        all: this.#clients.size + this.#clients.forgotten,
        forgotten: this.#clients.forgotten,
      },
      grants: { latest: this.#grants.latest, all: this.#grants.all },
      refusals: this.#refusals.figures(this.#counts),
      rates: { opened: opened.points(), refused: refused.points(), nobodys: nobodys.points() },
      delay: { max: max.points(), p99: p99.points() },
      daemon: this.#daemon.figures(),
    };
  }

  #isOutside({ time }: AuditEntry): boolean {
    const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = this.#period;
    return time < since || time >= until;
  }

  /** The counters before the period are where those of the period begin. */
  #pass({ event, counts }: AuditEntry): void {
    this.#outside += 1;
    if (event === 'started') this.#counts.restart();
    if (counts !== undefined) this.#counts.pass(counts);
  }

  #note(entry: AuditEntry): void {
    const { time, event, counts, delay } = entry;
    this.#axis.reach(time);
    this.#events.set(event, (this.#events.get(event) ?? 0) + 1);
    if (event === 'started') this.#counts.restart();
    if (counts !== undefined) this.#addSome('nobodys', time, this.#counts.take(counts));
    if (delay !== undefined) {
      this.#series.max.add(time, delay.max);
      this.#series.p99.add(time, delay.p99);
    }
    this.#daemon.take(entry);
    this.#decide(entry);
  }

  #addSome(name: 'opened' | 'refused' | 'nobodys', time: UnixMs, value: number): void {
    if (value > 0) this.#series[name].add(time, value);
  }

  #decide(entry: AuditEntry): void {
    switch (entry.event) {
      case 'granted':
      case 'commanded':
      case 'knocked':
        this.#client(entry, 'granted');
        this.#addSome('opened', entry.time, 1);
        if (entry.until !== undefined) this.#grants.open(entry);
        return;
      case 'extended':
        this.#client(entry, 'extended');
        this.#grants.open(entry);
        return;
      case 'restored':
        this.#client(entry);
        this.#grants.open(entry);
        return;
      case 'closed':
      case 'expired':
      case 'revoked':
        this.#grants.end(entry);
        return;
      case 'rejected':
        this.#client(entry, 'refused');
        this.#addSome('refused', entry.time, 1);
        this.#refusals.take(entry);
        return;
      default:
    }
  }

  #client({ stanza = '?', time }: AuditEntry, what?: 'granted' | 'extended' | 'refused'): void {
    const client = this.#clients.count(stanza);
    if (what !== undefined) client[what] += 1;
    client.last = time;
  }
}

const clientRow = ([stanza, { granted, extended, refused, last, open }]: readonly [string, Client]): ClientRow[] =>
  last === undefined ? [] : [{ stanza, granted, extended, refused, last, open: open.points() }];
