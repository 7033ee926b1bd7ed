/** Steps of the ledger and what each means for the firewall. */
import type { Authorized } from '../access/authorize.ts';
import { type AllowAddress, formatAllowed } from '../base/allow-address.ts';
import type { PortSpec } from '../base/port-spec.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type Moment, type SteadyMs, steadyMs, unixMs } from '../base/units.ts';
import {
  type AddressGrants,
  changeOfGrants,
  CUT_FOR_MS,
  type FirewallChange,
  layAddress,
  type Opening,
} from '../firewall/opening.ts';
import type { CutBook } from '../grant/cut-book.ts';
import { forwardingKey, forwardingMisfit } from '../grant/forwarding.ts';
import type { Grant } from '../grant/grant.ts';
import type { Ledger } from '../grant/ledger.ts';
import { eventsOfLog, type GrantEvent } from '../grant/record.ts';
import type { PolicyRejection } from '../spa/rejection.ts';
import type { Holder, Holders } from './holders.ts';

/** What one request did to the ledger. */
export interface LedgerStep {
  readonly event: 'granted' | 'extended' | 'closed' | 'revoked';
  readonly change: FirewallChange;
  readonly added: readonly Grant[];
  readonly removed: readonly Grant[];
  /** Ended grants whose cut was lifted, as they were. */
  readonly lifted: readonly Grant[];
  /** For the grant log. */
  readonly events: readonly GrantEvent[];
}

/** What a failure takes back. */
type Undo = Pick<LedgerStep, 'added' | 'removed' | 'lifted'>;

export interface GrantDeskParts {
  readonly ledger: Ledger;
  readonly book: CutBook;
  /** A name that no other grant has had, also before a restart. */
  readonly newId: () => string;
  /** Whether the firewall can cut connections; where it cannot nothing is said about them. */
  readonly canCut: boolean;
}

export class GrantDesk {
  readonly #ledger: Ledger;
  readonly #book: CutBook;
  readonly #newId: () => string;
  readonly #canCut: boolean;

  constructor({ ledger, book, newId, canCut }: GrantDeskParts) {
    this.#ledger = ledger;
    this.#book = book;
    this.#newId = newId;
    this.#canCut = canCut;
  }

  /** Grants what was authorized, until the stanza ends at the latest; a grant that is there is extended, never shortened. */
  open(wish: Extract<Authorized, { kind: 'open' }>, stanza: Holder, now: Moment): Result<LedgerStep, PolicyRejection> {
    const { addresses, ports, forwarding } = wish;
    const families = addresses.map(({ family }) => family);
    const misfit = forwarding && forwardingMisfit(forwarding, families, ports);
    if (misfit !== undefined) return err(misfit);
    const own = { stanza: stanza.name, ...(stanza.byHand ? { byHand: stanza.byHand } : {}) };
    const what = { ...own, ports, ...(forwarding === undefined ? {} : { forwarding }) };
    const previous = addresses.map((address) => this.#ledger.find({ ...what, address }, now.steady));
    const fresh = previous.filter((grant) => grant === undefined).length;
    if (!this.#ledger.hasRoom(fresh)) return err('too-many-grants');
    const end = Math.min(now.steady + wish.openFor * 1000, lastEnd(stanza, now));
    const added = addresses.map((address, index): Grant => {
      const before = previous[index];
      const ends = steadyMs(Math.max(end, before?.ends ?? 0));
      const until = unixMs(now.wall + (ends - now.steady));
      return { id: before?.id ?? this.#newId(), ...what, ...termsOf(stanza), address, ends, until };
    });
    const removed = previous.filter((grant) => grant !== undefined);
    return ok({
      ...this.#step(added, removed, !stanza.dropOnExpiry),
      event: removed.length > 0 ? 'extended' : 'granted',
    });
  }

  /** Ends the stanza's own grants for these addresses, inside these ports or all. */
  close(
    addresses: readonly AllowAddress[],
    ports: readonly PortSpec[],
    stanza: Pick<Holder, 'name'>,
  ): Result<LedgerStep, PolicyRejection> {
    const removed = addresses.flatMap((address) => this.#ledger.ownedBy(stanza.name, address, ports));
    if (removed.length === 0) return err('nothing-to-close');
    return ok({ ...this.#step([], removed, false), event: 'closed' });
  }

  /** Ends these grants, which are live, before their time. */
  withdraw(grants: readonly Grant[]): LedgerStep {
    return { ...this.#step([], grants, false), event: 'revoked' };
  }

  /** Makes grants that are used last longer by `slice` (ms), but no longer than their holder. */
  prolong(grants: readonly Grant[], slice: number, holders: Holders, now: Moment): LedgerStep {
    const pairs = grants.flatMap((before) => {
      const holder = holders.get(before.stanza);
      const ends = holder?.whileConnected ? Math.min(before.ends + slice, lastEnd(holder, now)) : before.ends;
      if (!this.#ledger.holds(before) || ends <= before.ends) return [];
      return [
        {
          before,
          after: {
            ...before,
            prolonged: true as const,
            ends: steadyMs(ends),
            until: unixMs(before.until + ends - before.ends),
          },
        },
      ];
    });
    const [added, removed] = [pairs.map(({ after }) => after), pairs.map(({ before }) => before)];
    return { ...this.#step(added, removed, false), event: 'extended' };
  }

  /** Takes grants out of the ledger before their time, where the firewall is made anew as a whole. */
  revoke(grants: readonly Grant[]): readonly GrantEvent[] {
    for (const grant of grants) this.#ledger.remove(grant);
    return this.#end(grants);
  }

  /**
   * Takes out what has ended. `change` is what comes to light then: a grant that a newer one with another forwarding had
   * kept from its ports. Undefined where there is none, for the kernel closes by itself.
   */
  expire(now: SteadyMs): {
    readonly ended: readonly Grant[];
    readonly change: FirewallChange | undefined;
    readonly events: readonly GrantEvent[];
  } {
    const ended = this.#ledger.expire(now);
    const forgotten = this.#book.expire(steadyMs(now - CUT_FOR_MS));
    const changes = byAddress(ended).map((over) => {
      const live = this.#ledger.forAddress(over[0].address);
      // Where all goes to one place the kernel has what is right.
      if (new Set([...over, ...live].map(({ forwarding }) => forwardingKey(forwarding))).size < 2) return NO_CHANGE;
      const before = { live: this.#ledger.inOrder([...over, ...live]), cutting: [] };
      return changeOfGrants(before, { live, cutting: [] }, portsOf(over));
    });
    const change = joinChanges(changes.filter(({ open }) => open.length > 0));
    return {
      ended,
      change: change.open.length > 0 ? change : undefined,
      events: [...this.#end(ended), ...forgotten.map(({ id }): GrantEvent => ({ kind: 'end', id }))],
    };
  }

  /**
   * Undoes a step whose effect failed. What has been decided since about the same grants stands. Gives what a grant log that has
   * the step by now must say more.
   */
  takeBack({ added, removed, lifted }: Undo): readonly GrantEvent[] {
    const undone = added.filter((grant) => this.#ledger.holds(grant));
    for (const grant of undone) this.#ledger.remove(grant);
    const back = removed.filter(({ id }) => {
      const extension = added.find((grant) => grant.id === id);
      return extension === undefined || undone.includes(extension);
    });
    for (const grant of back) {
      this.#book.forget(grant);
      this.#ledger.put(grant);
    }
    for (const grant of lifted) this.#book.add(grant);
    const fresh = undone.filter(({ id }) => !back.some((grant) => grant.id === id));
    return [
      ...fresh.map(({ id }): GrantEvent => ({ kind: 'end', id })),
      ...eventsOfLog({ grants: back, cuts: lifted }),
    ];
  }

  /** All that the firewall is to show. */
  openings(): readonly Opening[] {
    const known = [...this.#ledger.addresses(), ...this.#book.addresses()];
    const addresses = new Map(known.map((address) => [formatAllowed(address), address]));
    return [...addresses.values()].flatMap((address) => layAddress(this.#at(address)));
  }

  /** A log that begins anew says this. */
  logEvents(): readonly GrantEvent[] {
    return eventsOfLog({ grants: [...this.#ledger.all()], cuts: this.#book.all() });
  }

  #at(address: AllowAddress): AddressGrants {
    const live = this.#ledger.forAddress(address);
    const cutting = this.#canCut ? [...this.#book.at(address), ...live.filter(({ cuts }) => cuts === true)] : [];
    return { live, cutting };
  }

  #step(added: readonly Grant[], removed: readonly Grant[], lifts: boolean): Omit<LedgerStep, 'event'> {
    const touched = byAddress([...added, ...removed]);
    const before = touched.map(([{ address }]) => this.#at(address));
    for (const grant of removed) this.#ledger.remove(grant);
    for (const grant of added) this.#ledger.put(grant);
    const extended = new Set(added.map(({ id }) => id));
    const ended = removed.filter(({ id }) => !extended.has(id));
    const liftings = lifts ? added.map(({ address, ports }) => this.#book.lift(address, ports)) : [];
    const events = [
      ...added.map((grant): GrantEvent => ({ kind: 'open', grant })),
      ...this.#end(ended),
      ...liftings.flatMap((lifting) => lifting.events),
    ];
    const changes = touched.map((grants, index) =>
      changeOfGrants(before[index] ?? NO_GRANTS, this.#at(grants[0].address), portsOf(grants)),
    );
    const lifted = liftings.flatMap((lifting) => lifting.before);
    return { added, removed, lifted, events, change: joinChanges(changes) };
  }

  /** What the log must say of grants that have ended; those that cut go on in the book. */
  #end(ended: readonly Grant[]): readonly GrantEvent[] {
    return ended.flatMap((grant): GrantEvent[] => {
      if (grant.cuts !== true) return [{ kind: 'end', id: grant.id }];
      const gone = this.#book.add(grant);
      return [{ kind: 'cut', id: grant.id }, ...gone.map(({ id }): GrantEvent => ({ kind: 'end', id }))];
    });
  }
}

const NO_CHANGE: FirewallChange = { close: [], open: [] };
const NO_GRANTS: AddressGrants = { live: [], cutting: [] };

const termsOf = ({ whileConnected, dropOnExpiry }: Holder): Pick<Grant, 'whileConnected' | 'cuts'> => ({
  ...(whileConnected ? { whileConnected } : {}),
  ...(dropOnExpiry ? { cuts: true } : {}),
});

/** When the holder's grants end at the latest. */
const lastEnd = ({ expires }: Holder, now: Moment): number =>
  expires === undefined ? Number.POSITIVE_INFINITY : now.steady + (expires - now.wall);

const portsOf = (grants: readonly Grant[]): readonly PortSpec[] => grants.flatMap(({ ports }) => ports);

const joinChanges = (changes: readonly FirewallChange[]): FirewallChange => ({
  close: changes.flatMap(({ close }) => close),
  open: changes.flatMap(({ open }) => open),
});

/** The grants, those of one address together. */
const byAddress = (grants: readonly Grant[]): readonly (readonly [Grant, ...Grant[]])[] => {
  const groups = new Map<string, [Grant, ...Grant[]]>();
  for (const grant of grants) {
    const key = formatAllowed(grant.address);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [grant]);
    else group.push(grant);
  }
  return [...groups.values()];
};
