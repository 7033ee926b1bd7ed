/**
 * Who has come how far at which door.
 *
 * A packet that the doors can see ({@link Sight}) does this, in this order (knockd 0.8, measured):
 *
 *     every attempt whose time is up       goes: sequence-timeout
 *     the source has no attempt at a door   each door whose first knock it is gets one: stage 1
 *       that looks at this destination
 *     it has, and for each of them          the next knock: one stage on, and at the last the door opens
 *                                           TCP flags that do not fit: nothing
 *                                           anything else: the attempt ends without a word, the packet is used up
 *
 * Time is that of the packets, in whole seconds, and is looked at only when a packet comes. Unlike knockd's, an attempt
 * that ends takes no other with it. The table is bounded: the oldest of those that have not passed stage 1 make room
 * first, so that spoofed first knocks push out each other before they push out whoever knows more.
 */
import type { IpAddress } from '../base/address.ts';
import { type AddressKey, addressKey } from '../base/address-key.ts';
import { type Door, flagsFit } from './door.ts';
import type { Knock } from './knock.ts';
import { Sight, watchesOf } from './watch.ts';

export type KnockEvent =
  | { readonly kind: 'stage'; readonly door: number; readonly source: AddressKey; readonly stage: number }
  | { readonly kind: 'open'; readonly door: number; readonly source: AddressKey }
  | { readonly kind: 'sequence-timeout'; readonly door: number; readonly source: AddressKey; readonly stage: number }
  /** Told to people who debug: the flags of a door did not fit; an attempt was taken off the list. */
  | { readonly kind: 'flags-ignored'; readonly door: number; readonly source: AddressKey }
  | { readonly kind: 'removed'; readonly source: AddressKey; readonly opened: boolean };

interface Attempt {
  /** A place in the list of doors. */
  readonly door: number;
  /** For an order over all sources. */
  readonly serial: number;
  /** Unix time in seconds of the first knock. */
  readonly start: number;
  /** Knocks made. */
  stage: number;
}

interface Visitor {
  attempts: Attempt[];
}

export const DEFAULT_MAX_SOURCES = 16_384;

export class Attempts {
  #doors: readonly Door[] = [];
  #sight: Sight;
  #local: readonly IpAddress[];
  readonly #maxSources: number;
  /** Sources by address, oldest first: those at stage 1 everywhere, and those that came further somewhere. */
  readonly #fresh = new Map<AddressKey, Visitor>();
  readonly #advanced = new Map<AddressKey, Visitor>();
  /** No attempt can time out before this second. */
  #nextExpiry = Number.POSITIVE_INFINITY;
  #serial = 0;
  #evicted = 0;
  /** What knockd would take off its list at the next packet. */
  #ended: { readonly source: AddressKey; readonly opened: boolean }[] = [];

  constructor(doors: readonly Door[], local: readonly IpAddress[], maxSources = DEFAULT_MAX_SOURCES) {
    this.#maxSources = maxSources;
    this.#local = local;
    this.#doors = doors;
    this.#sight = new Sight(watchesOf(doors), local);
  }

  get doors(): readonly Door[] {
    return this.#doors;
  }

  /** Sources with an attempt under way. */
  get size(): number {
    return this.#fresh.size + this.#advanced.size;
  }

  /** Sources forgotten for want of room. */
  get evicted(): number {
    return this.#evicted;
  }

  setLocal(local: readonly IpAddress[]): void {
    this.#local = local;
    this.#sight.setLocal(local);
  }

  /** Puts another door in the place of one. Attempts at the old one are over: its sequence counts no more. */
  replaceDoor(index: number, door: Door): void {
    this.#doors = this.#doors.with(index, door);
    this.#sight = new Sight(watchesOf(this.#doors), this.#local);
    for (const table of [this.#fresh, this.#advanced]) {
      for (const [key, visitor] of table) {
        visitor.attempts = visitor.attempts.filter((attempt) => attempt.door !== index);
        if (visitor.attempts.length === 0) table.delete(key);
      }
    }
  }

  /** Takes one packet. */
  step(knock: Knock): readonly KnockEvent[] {
    const sight = this.#sight.sees(knock);
    if (sight === 'nothing') return [];
    const second = Math.floor(knock.time / 1000);
    const events = this.#sweep(second);
    const visitor = this.#fresh.get(knock.source) ?? this.#advanced.get(knock.source);
    const isHere = ({ door: index }: Attempt): boolean => {
      const door = this.#doors[index];
      return door !== undefined && (sight === 'door' || door.strict) && this.#looksAt(door, knock.destination);
    };
    if (visitor?.attempts.some(isHere) === true) this.#advance(visitor, knock, isHere, events);
    else if (sight === 'door') this.#begin(visitor, knock, second, events);
    return events;
  }

  /** Takes away what is over, oldest first. */
  #sweep(second: number): KnockEvent[] {
    const events: KnockEvent[] = this.#ended.map((end) => ({ kind: 'removed', ...end }));
    this.#ended = [];
    if (second < this.#nextExpiry) return events;
    const late: (Attempt & { source: AddressKey })[] = [];
    this.#nextExpiry = Number.POSITIVE_INFINITY;
    for (const table of [this.#fresh, this.#advanced]) {
      for (const [source, visitor] of table) {
        visitor.attempts = visitor.attempts.filter((attempt) => {
          const end = attempt.start + (this.#doors[attempt.door]?.seqTimeout ?? 0);
          if (second >= end) late.push({ ...attempt, source });
          else this.#nextExpiry = Math.min(this.#nextExpiry, end);
          return second < end;
        });
        if (visitor.attempts.length === 0) table.delete(source);
      }
    }
    late.sort((a, b) => a.serial - b.serial);
    return [
      ...events,
      ...late.map(({ door, source, stage }): KnockEvent => ({ kind: 'sequence-timeout', door, source, stage })),
    ];
  }

  #begin(present: Visitor | undefined, knock: Knock, second: number, events: KnockEvent[]): void {
    let visitor = present;
    const { source } = knock;
    for (const [index, door] of this.#doors.entries()) {
      if (!isNext(door, 0, knock) || !fits(door, knock) || !this.#looksAt(door, knock.destination)) continue;
      events.push({ kind: 'stage', door: index, source, stage: 1 });
      if (door.steps.length === 1) {
        this.#open(index, source, events);
        continue;
      }
      visitor ??= this.#admit(source);
      visitor.attempts.push({ door: index, serial: (this.#serial += 1), start: second, stage: 1 });
      this.#nextExpiry = Math.min(this.#nextExpiry, second + door.seqTimeout);
    }
  }

  #admit(source: AddressKey): Visitor {
    if (this.size >= this.#maxSources) this.#makeRoom();
    const visitor = { attempts: [] };
    this.#fresh.set(source, visitor);
    return visitor;
  }

  /** For some at once: to find the oldest of a Map, V8 passes by all that were deleted before it. */
  #makeRoom(): void {
    const table = this.#fresh.size > 0 ? this.#fresh : this.#advanced;
    let left = Math.ceil(this.#maxSources / 128);
    for (const oldest of table.keys()) {
      table.delete(oldest);
      this.#evicted += 1;
      left -= 1;
      if (left === 0) break;
    }
  }

  #advance(visitor: Visitor, knock: Knock, isHere: (attempt: Attempt) => boolean, events: KnockEvent[]): void {
    const kept: Attempt[] = [];
    const { source } = knock;
    for (const attempt of visitor.attempts) {
      const door = this.#doors[attempt.door];
      if (door === undefined) continue;
      if (!isHere(attempt)) kept.push(attempt);
      else if (!fits(door, knock)) {
        events.push({ kind: 'flags-ignored', door: attempt.door, source });
        kept.push(attempt);
      } else if (!isNext(door, attempt.stage, knock)) this.#ended.push({ source, opened: false });
      else {
        attempt.stage += 1;
        events.push({ kind: 'stage', door: attempt.door, source, stage: attempt.stage });
        if (attempt.stage < door.steps.length) kept.push(attempt);
        else this.#open(attempt.door, source, events);
      }
    }
    visitor.attempts = kept;
    this.#fresh.delete(source);
    this.#advanced.delete(source);
    if (kept.length === 0) return;
    const table = kept.some((attempt) => attempt.stage > 1) ? this.#advanced : this.#fresh;
    table.set(source, visitor);
  }

  #open(door: number, source: AddressKey, events: KnockEvent[]): void {
    events.push({ kind: 'open', door, source });
    this.#ended.push({ source, opened: true });
  }

  #looksAt(door: Door, destination: AddressKey): boolean {
    if (door.target === undefined) return this.#sight.isLocal(destination);
    return door.targetAddress !== undefined && addressKey(door.targetAddress) === destination;
  }
}

const isNext = (door: Door, stage: number, knock: Knock): boolean => {
  const step = door.steps[stage];
  return step?.port === knock.port && step.protocol === knock.protocol;
};

/** Flags are a matter of TCP alone. */
const fits = (door: Door, knock: Knock): boolean => knock.protocol === 'udp' || flagsFit(door.tcpFlags, knock.tcpFlags);
