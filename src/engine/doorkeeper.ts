/**
 * Doors beside SPA: who has knocked, what opens, and who is sent away all the same. It holds what changes with the knocks
 * (attempts, one-time sequences, rates) and grants nothing; {@link Engine} makes decisions of what it says.
 */
import { canBeRemoteHost, cidrContains, type IpAddress } from '../base/address.ts';
import { addressOfKey } from '../base/address-key.ts';
import type { Moment, UnixMs } from '../base/units.ts';
import { Attempts, type KnockEvent } from '../knock/attempts.ts';
import type { Door, KnockStep } from '../knock/door.ts';
import type { DoorRule, TimedRule } from '../knock/door-rule.ts';
import type { Knock } from '../knock/knock.ts';
import { timedSteps, timedWindowOf } from '../knock/timed-sequence.ts';
import { type Watch, watchesOf } from '../knock/watch.ts';
import { Limiter } from './limiter.ts';

export type DoorRejection = 'source-not-allowed' | 'address-not-allowed' | 'rate-limited';

/** Somebody has knocked a whole sequence. */
export interface Visit {
  readonly rule: DoorRule;
  readonly source: IpAddress;
  /** Undefined: the door opens. */
  readonly refused: DoorRejection | undefined;
  /** The sequence that serves no more, for a one-time door that opens. */
  readonly used: readonly KnockStep[] | undefined;
}

export interface KnockOutcome {
  /** As the attempts tell them; their doors are places in {@link Doorkeeper.doors}. */
  readonly events: readonly KnockEvent[];
  readonly visits: readonly Visit[];
  /** For the counters: knocks that took somebody further, and attempts that took too long. */
  readonly stages: number;
  readonly timeouts: number;
  /** Sources forgotten for want of room. */
  readonly evicted: number;
}

/** Receivers are told the sequences of so many minutes at once, for they are replaced to be told more. */
const MINUTES_AHEAD = 10;
/** The minutes before and after ours that count, too: clocks differ, and knocking takes a while. */
const WINDOWS = [-1, 0, 1] as const;

/** What receivers must look out for at `now` and in the next minutes; one-time sequences that are still to come included. */
export const watchesOfRules = (rules: readonly DoorRule[], now: UnixMs): readonly Watch[] => {
  const window = timedWindowOf(now);
  const start = window - (window % MINUTES_AHEAD) - 1;
  const minutes = Array.from({ length: MINUTES_AHEAD + 3 }, (_, index) => Math.max(0, start + index));
  const doors = rules.map(({ door, nextSteps, timed }): Door => {
    const more = timed === undefined ? [] : minutes.flatMap((minute) => stepsAt(timed, minute));
    return { ...door, steps: [...door.steps, ...nextSteps.flat(), ...more] };
  });
  return watchesOf(doors);
};

const stepsAt = ({ key, count, range }: TimedRule, window: number): readonly KnockStep[] =>
  timedSteps(key, window, count, range);

/** One door of the attempts: that of a rule, or that of one of its minutes. */
interface Place {
  readonly rule: number;
  /** A minute's place among three: `window mod 3`, so that a new minute takes that of the one which is over. */
  readonly slot: number | undefined;
}

export class Doorkeeper {
  #rules: readonly DoorRule[];
  #attempts: Attempts;
  #local: readonly IpAddress[] = [];
  #limiters: readonly (Limiter | undefined)[] = [];
  #places: readonly Place[] = [];
  /** The minute whose sequences are in force. */
  #window = Number.NaN;
  /** By the rule's place: one-time sequences that have not come into force. */
  #next: (readonly KnockStep[])[][] = [];

  constructor(rules: readonly DoorRule[]) {
    this.#rules = rules;
    this.#attempts = this.#begin();
  }

  /** Those of the rules, each minute's sequence by itself. */
  get doors(): readonly Door[] {
    return this.#attempts.doors;
  }

  /** The host's own addresses from now on. */
  setLocal(local: readonly IpAddress[]): void {
    this.#local = local;
    this.#attempts.setLocal(local);
  }

  /** Other doors from now on. Attempts and rates begin anew. */
  setRules(rules: readonly DoorRule[]): void {
    this.#rules = rules;
    this.#attempts = this.#begin();
  }

  #begin(): Attempts {
    this.#limiters = this.#rules.map(({ rate }) => rate && new Limiter(rate.opens / rate.window, rate.opens));
    this.#next = this.#rules.map(({ nextSteps }) => [...nextSteps]);
    this.#places = this.#rules.flatMap(({ timed }, rule): Place[] =>
      timed === undefined ? [{ rule, slot: undefined }] : WINDOWS.map((_, slot) => ({ rule, slot })),
    );
    this.#window = Number.NaN;
    const doors = this.#places.flatMap(({ rule }) => this.#rules[rule]?.door ?? []);
    return new Attempts(doors, this.#local);
  }

  /** Takes one packet. */
  take(knock: Knock, now: Moment): KnockOutcome {
    this.#turnClock(now.wall);
    const evictedBefore = this.#attempts.evicted;
    const events = this.#attempts.step(knock);
    const visits = events.flatMap((event) =>
      event.kind === 'open' ? this.#visit(event.door, addressOfKey(knock.source), now) : [],
    );
    return {
      events,
      visits,
      stages: events.filter(({ kind }) => kind === 'stage').length,
      timeouts: events.filter(({ kind }) => kind === 'sequence-timeout').length,
      evicted: this.#attempts.evicted - evictedBefore,
    };
  }

  #visit(index: number, source: IpAddress, now: Moment): Visit[] {
    const [place, door] = [this.#places[index], this.#attempts.doors[index]];
    const rule = this.#rules[place?.rule ?? -1];
    if (place === undefined || rule === undefined || door === undefined) return [];
    const refused = this.#refuse(rule, place.rule, source, now);
    const isUsed = refused === undefined && door.oneTimeFile !== undefined;
    if (isUsed) this.#turnOver(index, place.rule, door);
    return [{ rule, source, refused, used: isUsed ? door.steps : undefined }];
  }

  #refuse(rule: DoorRule, index: number, source: IpAddress, now: Moment): DoorRejection | undefined {
    if (!rule.sources.some((cidr) => cidrContains(cidr, source))) return 'source-not-allowed';
    // Such a source is forged; what a command does with it is the operator's, as with knockd.
    if (rule.open.length > 0 && !canBeRemoteHost(source)) return 'address-not-allowed';
    return this.#limiters[index]?.take(now.steady) === false ? 'rate-limited' : undefined;
  }

  /** The next sequence comes into force; without one the door is shut. */
  #turnOver(index: number, rule: number, door: Door): void {
    this.#attempts.replaceDoor(index, { ...door, steps: this.#next[rule]?.shift() ?? [] });
  }

  /** Brings the sequences of the last, this and the next minute into force. Attempts at one that stays go on. */
  #turnClock(now: UnixMs): void {
    const window = timedWindowOf(now);
    if (window === this.#window) return;
    const before = this.#window;
    this.#window = window;
    for (const [index, { rule, slot }] of this.#places.entries()) {
      const [timed, door] = [this.#rules[rule]?.timed, this.#attempts.doors[index]];
      const minute = WINDOWS.map((offset) => window + offset).find((each) => each % 3 === slot);
      if (timed === undefined || door === undefined || minute === undefined) continue;
      if (!(Math.abs(minute - before) <= 1))
        this.#attempts.replaceDoor(index, { ...door, steps: stepsAt(timed, minute) });
    }
  }
}
