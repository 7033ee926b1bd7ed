/** The grants of a log: which line ends which, and when something was open. */
import type { UnixMs } from '../base/units.ts';
import type { AuditEntry } from './audit-entry.ts';
import type { GrantRow } from './figures.ts';

/** Grants kept for the list: the latest. */
const MAX_LATEST = 200;
/** Grants that may be open at once; the one begun first is taken for over then. */
const MAX_LIVE = 10_000;

/** Something was open for the stanza from one time to the other. */
type OnOpen = (stanza: string, from: UnixMs, to: UnixMs) => void;

export class GrantBook {
  readonly #onOpen: OnOpen;
  readonly #live = new Map<string, GrantRow>();
  #latest: GrantRow[] = [];
  #all = 0;

  constructor(onOpen: OnOpen) {
    this.#onOpen = onOpen;
  }

  /** How many have begun. */
  get all(): number {
    return this.#all;
  }

  /** The latest, newest first. */
  get latest(): readonly GrantRow[] {
    return this.#latest.slice(-MAX_LATEST).reverse();
  }

  /** A grant begins or goes on. */
  open(entry: AuditEntry): void {
    const key = keyOf(entry);
    const present = this.#live.get(key);
    if (present !== undefined && entry.event !== 'granted') {
      if (entry.event === 'extended') present.extended += 1;
      present.until = entry.until ?? present.until;
      return;
    }
    if (present !== undefined) this.#finish(key, present, entry.time);
    else if (this.#live.size >= MAX_LIVE) this.#finishOldest(entry.time);
    this.#begin(key, entry);
  }

  /** A grant is over. Of one that began before the log did nothing is known. */
  end(entry: AuditEntry): void {
    const key = keyOf(entry);
    const grant = this.#live.get(key);
    if (grant === undefined) return;
    grant.ended = entry.time;
    grant.how = entry.reason === undefined ? entry.event : `${entry.event}: ${entry.reason}`;
    this.#finish(key, grant, entry.time);
  }

  /** The log is over, at `last`: what is left ends when it was to end. */
  close(last: UnixMs): void {
    for (const [key, grant] of this.#live) this.#finish(key, grant, last);
  }

  #begin(key: string, { time, stanza = '?', format, source, allow, ports, forward, until }: AuditEntry): void {
    const about = { stanza, format, source, allow, ports, forward };
    const grant: GrantRow = { begun: time, ...about, until, ended: undefined, how: undefined, extended: 0 };
    this.#live.set(key, grant);
    this.#all += 1;
    this.#latest.push(grant);
    if (this.#latest.length > 2 * MAX_LATEST) this.#latest = this.#latest.slice(-MAX_LATEST);
  }

  #finish(key: string, grant: GrantRow, now: UnixMs): void {
    this.#live.delete(key);
    const end = grant.until === undefined || grant.until > now ? now : grant.until;
    if (end >= grant.begun) this.#onOpen(grant.stanza, grant.begun, end);
  }

  #finishOldest(now: UnixMs): void {
    const [oldest] = this.#live;
    if (oldest !== undefined) this.#finish(...oldest, now);
  }
}

const keyOf = ({ stanza, allow, ports, forward }: AuditEntry): string =>
  JSON.stringify([stanza, allow, ports, forward]);
