/**
 * Command cycles that are open: what closes them, and when. Whatever has been opened is closed once and not before the
 * last request that was granted for it ends: a request whose close is pending already puts the close off, and runs its
 * open only where that says something new. Reload, restart and crash change nothing, for each close stands in a log from
 * before its open until it is started.
 */
import { type ProgramRun, programsKey } from '../access/fwknop-program.ts';
import type { CycleUnit } from '../access/fwknop-cycle.ts';
import type { PendingClose } from '../access/pending-close.ts';
import { formatAddress, type IpAddress } from '../base/address.ts';
import { type Moment, type Seconds, type SteadyMs, steadyMs, type UnixMs, unixMs } from '../base/units.ts';
import { encodeHex, encodeUtf8 } from '../bytes/encoding.ts';
import { sha256 } from '../crypto/digest.ts';
import type { Effect, JournalClosesEffect, RunProgramEffect } from './effect.ts';

/** Pending closes at most, some 500 bytes each; a request above it is refused, for what it opened could not be closed. */
const MAX_CLOSES = 10_000;

/** What is closed together. */
interface OpenUnit extends Pick<PendingClose, 'opened' | 'stanza' | 'allow' | 'ports'> {
  readonly ends: SteadyMs;
  readonly closes: readonly PendingClose[];
}

/** What the stanza has granted. */
export interface CycleWish {
  readonly units: readonly CycleUnit[];
  readonly allow: IpAddress;
  readonly openFor: Seconds;
}

interface UnitStep {
  readonly pending: readonly PendingClose[];
  readonly previous: readonly PendingClose[];
  readonly runs: readonly RunProgramEffect[];
}

export interface CycleStep {
  /** Whether anything was run, or only put off. */
  readonly event: 'commanded' | 'extended';
  readonly until: UnixMs;
  readonly effects: readonly Effect[];
}

/** The programs that close a unit, and what it was about. */
export interface CycleEnd {
  readonly about: Pick<PendingClose, 'stanza' | 'allow' | 'ports'>;
  readonly effects: readonly RunProgramEffect[];
}

export class CycleDesk {
  readonly #newId: () => string;
  readonly #units = new Map<string, OpenUnit>();
  #size = 0;

  /** `newId`: a name that no other close has had, also before a restart. */
  constructor(newId: () => string) {
    this.#newId = newId;
  }

  /** Pending closes. */
  get size(): number {
    return this.#size;
  }

  /** Opens for as long, or puts off. Undefined where there is no room for the closes. */
  open(wish: CycleWish, stanza: string, now: Moment): CycleStep | undefined {
    const { units } = wish;
    if (this.#size + units.reduce((sum, { closes }) => sum + closes.length, 0) > MAX_CLOSES) return undefined;
    const steps = units.map((unit) => this.#openUnit(unit, wish, stanza, now));
    const closes = steps.flatMap(({ pending }) => pending);
    const previous = steps.flatMap((step) => step.previous);
    const runs = steps.flatMap((step) => step.runs);
    const first: Effect[] = closes.length > 0 ? [{ kind: 'journal-closes', closes, previous }] : [];
    const until = unixMs(Math.max(now.wall + wish.openFor * 1000, ...closes.map(({ due }) => due)));
    return { event: runs.length > 0 ? 'commanded' : 'extended', until, effects: [...first, ...runs] };
  }

  #openUnit({ ports, opens, closes }: CycleUnit, { allow, openFor }: CycleWish, stanza: string, now: Moment): UnitStep {
    const lane = laneOf(stanza, allow);
    const [unit, opened] = [keyOf(stanza, closes), keyOf(stanza, opens)];
    const before = closes.length === 0 ? undefined : this.#units.get(unit);
    const wait = Math.max(openFor * 1000, (before?.ends ?? now.steady) - now.steady);
    const about = { opened, stanza, allow, ports };
    const pending = closes.map((run, index): PendingClose => {
      const id = before?.closes[index]?.id ?? this.#newId();
      return { ...about, id, unit, run, wait, due: unixMs(now.wall + wait) };
    });
    if (pending.length > 0) this.#put(unit, { ...about, ends: steadyMs(now.steady + wait), closes: pending });
    const previous = before?.closes ?? [];
    if (before?.opened === opened) return { pending, previous, runs: [] };
    const purpose = { kind: 'open', lane, unit: pending.length > 0 ? unit : undefined } as const;
    return { pending, previous, runs: opens.map((run) => ({ kind: 'run-program', run, stanza, purpose })) };
  }

  /** Takes up what an earlier run has left; what is overdue ends with the next {@link CycleDesk.expire}. */
  restore(closes: readonly PendingClose[], now: Moment): void {
    for (const close of closes) {
      const { unit, opened, stanza, allow, ports } = close;
      const left = Math.min(Math.max(close.due - now.wall, 0), close.wait);
      const before = this.#units.get(unit);
      const ends = steadyMs(Math.max(now.steady + left, before?.ends ?? now.steady));
      this.#put(unit, { opened, stanza, allow, ports, ends, closes: [...(before?.closes ?? []), close] });
    }
  }

  /** Lets go of what has ended, and of what belongs to a stanza that is no more. */
  expire(now: SteadyMs, hasStanza: (name: string) => boolean): readonly CycleEnd[] {
    return this.#endWhere(({ ends, stanza }) => ends <= now || !hasStanza(stanza));
  }

  /** Closes everything now: the daemon stops. */
  endAll(): readonly CycleEnd[] {
    return this.#endWhere(() => true);
  }

  /** Undoes a step of {@link CycleDesk.open} that could not be done. */
  takeBack({ closes, previous }: JournalClosesEffect, now: Moment): void {
    for (const { unit } of closes) this.#drop(unit);
    this.restore(previous, now);
  }

  /** What was to open a unit, if it has a close at all, has failed: the next request runs it again. */
  forgetOpen(key: string | undefined): void {
    const unit = this.#units.get(key ?? '');
    if (key !== undefined && unit !== undefined) this.#put(key, { ...unit, opened: '' });
  }

  #endWhere(isOver: (unit: OpenUnit) => boolean): readonly CycleEnd[] {
    const over = [...this.#units].filter(([, unit]) => isOver(unit));
    return over.map(([key, unit]) => {
      this.#drop(key);
      const lane = laneOf(unit.stanza, unit.allow);
      const effects = unit.closes.map(({ id, run, stanza }): RunProgramEffect => {
        return { kind: 'run-program', run, stanza, purpose: { kind: 'close', lane, id } };
      });
      return { about: unit, effects };
    });
  }

  #put(key: string, unit: OpenUnit): void {
    this.#drop(key);
    this.#units.set(key, unit);
    this.#size += unit.closes.length;
  }

  #drop(key: string): void {
    this.#size -= this.#units.get(key)?.closes.length ?? 0;
    this.#units.delete(key);
  }
}

/** Where the order matters: what opens and what closes for the same client. */
const laneOf = (stanza: string, allow: IpAddress): string => `${stanza} ${formatAddress(allow)}`;

const keyOf = (stanza: string, runs: readonly ProgramRun[]): string =>
  encodeHex(sha256(encodeUtf8(`${stanza}\n${programsKey(runs)}`)).subarray(0, 16));
