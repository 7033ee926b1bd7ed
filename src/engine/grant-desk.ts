/** Steps of the ledger and what each means for the firewall. */
import type { Authorized } from '../access/authorize.ts';
import type { Stanza } from '../access/stanza.ts';
import { formatAddress, type IpAddress } from '../base/address.ts';
import type { PortSpec } from '../base/port-spec.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type Moment, type SteadyMs, steadyMs, unixMs } from '../base/units.ts';
import { changeOfGrants, type FirewallChange } from '../firewall/opening.ts';
import { forwardingKey, forwardingMisfit } from '../grant/forwarding.ts';
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
    const { addresses, ports, forwarding } = wish;
    const families = addresses.map(({ family }) => family);
    const misfit = forwarding && forwardingMisfit(forwarding, families, ports);
    if (misfit !== undefined) return err(misfit);
    const what = { stanza: stanza.name, ports, ...(forwarding === undefined ? {} : { forwarding }) };
    const previous = addresses.map((address) => this.#ledger.find({ ...what, address }, now.steady));
    const fresh = previous.filter((grant) => grant === undefined).length;
    if (!this.#ledger.hasRoom(fresh)) return err('too-many-grants');
    const length = Math.min(wish.openFor * 1000, (stanza.expires ?? Number.POSITIVE_INFINITY) - now.wall);
    const added = addresses.map((address, index): Grant => {
      const before = previous[index];
      const ends = steadyMs(Math.max(now.steady + length, before?.ends ?? 0));
      const until = unixMs(now.wall + (ends - now.steady));
      return { id: before?.id ?? this.#newId(), ...what, address, ends, until };
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

  /**
   * Takes out what has ended. `change` is what comes to light then: a grant that a newer one with another forwarding had
   * kept from its ports. Undefined where there is none, for the kernel closes by itself.
   */
  expire(now: SteadyMs): { readonly ended: readonly Grant[]; readonly change: FirewallChange | undefined } {
    const ended = this.#ledger.expire(now);
    const changes = byAddress(ended).map((over) => {
      const live = this.#ledger.forAddress(over[0].address);
      // Where all goes to one place the kernel has what is right.
      if (new Set([...over, ...live].map(({ forwarding }) => forwardingKey(forwarding))).size < 2) return NO_CHANGE;
      return changeOfGrants(this.#ledger.inOrder([...over, ...live]), live, portsOf(over));
    });
    const change = joinChanges(changes.filter(({ open }) => open.length > 0));
    return { ended, change: change.open.length > 0 ? change : undefined };
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
    const touched = byAddress([...added, ...removed]);
    const before = touched.map(([{ address }]) => this.#ledger.forAddress(address));
    for (const grant of removed) this.#ledger.remove(grant);
    for (const grant of added) this.#ledger.put(grant);
    const changes = touched.map((grants, index) =>
      changeOfGrants(before[index] ?? [], this.#ledger.forAddress(grants[0].address), portsOf(grants)),
    );
    return { added, removed, change: joinChanges(changes) };
  }
}

const NO_CHANGE: FirewallChange = { close: [], open: [] };

const portsOf = (grants: readonly Grant[]): readonly PortSpec[] => grants.flatMap(({ ports }) => ports);

const joinChanges = (changes: readonly FirewallChange[]): FirewallChange => ({
  close: changes.flatMap(({ close }) => close),
  open: changes.flatMap(({ open }) => open),
});

/** The grants, those of one address together. */
const byAddress = (grants: readonly Grant[]): readonly (readonly [Grant, ...Grant[]])[] => {
  const groups = new Map<string, [Grant, ...Grant[]]>();
  for (const grant of grants) {
    const key = formatAddress(grant.address);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [grant]);
    else group.push(grant);
  }
  return [...groups.values()];
};
