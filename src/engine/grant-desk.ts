/** Steps of the ledger and what each means for the firewall. */
import type { Authorized } from '../access/authorize.ts';
import type { Stanza } from '../access/stanza.ts';
import { formatAddress, type IpAddress } from '../base/address.ts';
import type { PortSpec } from '../base/port-spec.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type Moment, steadyMs, unixMs } from '../base/units.ts';
import { changeBetween, type FirewallChange, layOpenings } from '../firewall/opening.ts';
import type { Grant } from '../grant/grant.ts';
import type { Ledger } from '../grant/ledger.ts';
import type { GrantEvent } from '../grant/record.ts';
import type { PolicyRejection } from '../spa/rejection.ts';

/** What one request did to the ledger. */
export interface LedgerStep {
  readonly event: 'granted' | 'extended' | 'closed';
  readonly change: FirewallChange;
  readonly added: readonly Grant[];
  readonly removed: readonly Grant[];
}

/** Whose a grant is: a client's stanza, or a door. */
export type Holder = Pick<Stanza, 'name' | 'expires'>;

export class GrantDesk {
  readonly #ledger: Ledger;
  readonly #newId: () => string;

  constructor(ledger: Ledger, newId: () => string) {
    this.#ledger = ledger;
    this.#newId = newId;
  }

  /** Grants what was authorized, until the stanza ends at the latest; a grant that is there is extended, never shortened. */
  open(wish: Extract<Authorized, { kind: 'open' }>, stanza: Holder, now: Moment): Result<LedgerStep, PolicyRejection> {
    const previous = wish.addresses.map((address) => this.#ledger.find(stanza.name, address, wish.ports, now.steady));
    const fresh = previous.filter((grant) => grant === undefined).length;
    if (!this.#ledger.hasRoom(fresh)) return err('too-many-grants');
    const length = Math.min(wish.openFor * 1000, (stanza.expires ?? Number.POSITIVE_INFINITY) - now.wall);
    const added = wish.addresses.map((address, index): Grant => {
      const before = previous[index];
      const ends = steadyMs(Math.max(now.steady + length, before?.ends ?? 0));
      const until = unixMs(now.wall + (ends - now.steady));
      return { id: before?.id ?? this.#newId(), stanza: stanza.name, address, ports: wish.ports, ends, until };
    });
    const removed = previous.filter((grant) => grant !== undefined);
    return ok({ ...this.#step(added, removed), event: removed.length > 0 ? 'extended' : 'granted' });
  }

  /** Ends the stanza's own grants for these addresses, inside these ports or all. */
  close(
    addresses: readonly IpAddress[],
    ports: readonly PortSpec[],
    stanza: Holder,
  ): Result<LedgerStep, PolicyRejection> {
    const removed = addresses.flatMap((address) => this.#ledger.ownedBy(stanza.name, address, ports));
    if (removed.length === 0) return err('nothing-to-close');
    return ok({ ...this.#step([], removed), event: 'closed' });
  }

  /** Undoes a step whose effect failed. What has been decided since about the same grants stands. */
  takeBack(added: readonly Grant[], removed: readonly Grant[]): void {
    const undone = added.filter((grant) => this.#ledger.holds(grant));
    for (const grant of undone) this.#ledger.remove(grant);
    for (const grant of removed) {
      const extension = added.find(({ id }) => id === grant.id);
      if (extension === undefined || undone.includes(extension)) this.#ledger.put(grant);
    }
  }

  /** What the grant log must say of a step. A grant that is replaced by its extension has not ended. */
  events(added: readonly Grant[], removed: readonly Grant[]): readonly GrantEvent[] {
    const ended = removed.filter((grant) => !added.some((other) => other.id === grant.id));
    return [
      ...added.map((grant): GrantEvent => ({ kind: 'open', grant })),
      ...ended.map((grant): GrantEvent => ({ kind: 'end', id: grant.id })),
    ];
  }

  #step(added: readonly Grant[], removed: readonly Grant[]): Omit<LedgerStep, 'event'> {
    const addresses = [
      ...new Map([...added, ...removed].map(({ address }) => [formatAddress(address), address])).values(),
    ];
    const before = addresses.map((address) => layOpenings(this.#ledger.forAddress(address)));
    for (const grant of removed) this.#ledger.remove(grant);
    for (const grant of added) this.#ledger.put(grant);
    const changes = addresses.map((address, index) =>
      changeBetween(before[index] ?? [], layOpenings(this.#ledger.forAddress(address))),
    );
    const change = { close: changes.flatMap(({ close }) => close), open: changes.flatMap(({ open }) => open) };
    return { added, removed, change };
  }
}
