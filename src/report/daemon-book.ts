/** The daemon's own life: starts and stops, reloads, and what went wrong. */
import { own } from '../base/own.ts';
import type { UnixMs } from '../base/units.ts';
import type { AuditEntry } from './audit-entry.ts';
import type { Series } from './axis.ts';
import type { DaemonRow, Figures } from './figures.ts';

const MAX_LATEST = 100;

const WORDS: Readonly<Record<string, string>> = {
  started: 'started',
  stopped: 'stopped',
  reloaded: 'read its configuration again',
  repaired: 'put its table in the firewall right, which somebody had changed',
  confirmed: 'the guard, which was on trial, stays',
  'trial-over': 'nobody has confirmed the guard: it is taken back',
  woke: 'the machine has slept',
  failed: 'the disk, the firewall or the system refused',
  ended: 'a program ended',
};

const TROUBLES: readonly string[] = ['repaired', 'trial-over', 'failed'];

export class DaemonBook {
  readonly #ran: Series;
  #latest: DaemonRow[] = [];
  #all = 0;
  #troubles = 0;
  #starts = 0;
  #withoutEnd = 0;
  /** Since when it runs; undefined: it does not. */
  #runs: UnixMs | undefined;
  #last: UnixMs | undefined;
  #seen = false;

  constructor(ran: Series) {
    this.#ran = ran;
  }

  /** Any line says that it ran then; those of its own life are noted. */
  take(entry: AuditEntry): void {
    const { time, event } = entry;
    if (event === 'started') this.#start(time);
    else if (!this.#seen) this.#runs = time;
    this.#seen = true;
    this.#last = time;
    if (event === 'stopped') this.#endRun(time);
    const isTrouble = TROUBLES.includes(event) || (entry.reason !== undefined && ['reloaded', 'ended'].includes(event));
    if (isTrouble || (Object.hasOwn(WORDS, event) && event !== 'ended')) this.#note(entry, isTrouble);
  }

  close(): void {
    if (this.#last !== undefined) this.#endRun(this.#last);
  }

  figures(): Figures['daemon'] {
    return {
      ...{ latest: this.#latest.slice(-MAX_LATEST).reverse(), all: this.#all, troubles: this.#troubles },
      ...{ starts: this.#starts, withoutEnd: this.#withoutEnd, ran: this.#ran.points() },
    };
  }

  #start(time: UnixMs): void {
    this.#starts += 1;
    if (this.#runs !== undefined && this.#last !== undefined) {
      this.#withoutEnd += 1;
      this.#troubles += 1;
      const what =
        'ended without a word: killed, crashed, or the machine went down; the last line before the next start';
      this.#push({ time: this.#last, event: 'vanished', what, isTrouble: true });
      this.#endRun(this.#last);
    }
    this.#runs = time;
  }

  #endRun(time: UnixMs): void {
    if (this.#runs !== undefined && time >= this.#runs) this.#ran.cover(this.#runs, time);
    this.#runs = undefined;
  }

  #note({ time, event, reason, detail, stanza, until }: AuditEntry, isTrouble: boolean): void {
    if (isTrouble) this.#troubles += 1;
    const trial =
      event === 'started' && until !== undefined ? `on trial until ${new Date(until).toISOString()}` : undefined;
    const more = [stanza, reason, detail, trial].filter((text) => text !== undefined).join('; ');
    const words = own(WORDS, event) ?? event;
    this.#push({ time, event, what: more === '' ? words : `${words}: ${more}`, isTrouble });
  }

  #push(row: DaemonRow): void {
    this.#all += 1;
    this.#latest.push(row);
    if (this.#latest.length > 2 * MAX_LATEST) this.#latest = this.#latest.slice(-MAX_LATEST);
  }
}
