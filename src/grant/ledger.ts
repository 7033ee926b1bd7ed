/**
 * All live grants. A stanza that asks again for the same address and ports extends its grant and never shortens it;
 * grants of different stanzas are independent even where they overlap. What the firewall must show for an address
 * follows from the ledger ({@link Ledger.forAddress}) and is worked out elsewhere.
 */
import { formatAddress, type IpAddress } from '../base/address.ts';
import { coversPorts, type PortSpec, samePorts } from '../base/port-spec.ts';
import type { SteadyMs } from '../base/units.ts';
import type { Grant } from './grant.ts';

export class Ledger {
  readonly #capacity: number;
  /** By the address's text, then by the grant's id. */
  readonly #byAddress = new Map<string, Map<string, Grant>>();
  #size = 0;
  #earliestEnd = Number.POSITIVE_INFINITY;

  /** `capacity`: live grants at most; a request above it is refused, never one that is live let go. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#size;
  }

  /** Whether `count` more grants fit. */
  hasRoom(count: number): boolean {
    return this.#size + count <= this.#capacity;
  }

  /**
   * The stanza's own grant for exactly this address and these ports that has not ended at `now`: the one that asking again
   * extends. One that has ended, and is only not swept up yet, is over.
   */
  find(stanza: string, address: IpAddress, ports: readonly PortSpec[], now: SteadyMs): Grant | undefined {
    return this.forAddress(address).find(
      (grant) => grant.ends > now && grant.stanza === stanza && samePorts(grant.ports, ports),
    );
  }

  /** Adds a grant, or replaces the one of the same id. */
  put(grant: Grant): void {
    const key = formatAddress(grant.address);
    const grants = this.#byAddress.get(key) ?? new Map<string, Grant>();
    this.#byAddress.set(key, grants);
    if (!grants.has(grant.id)) this.#size += 1;
    grants.set(grant.id, grant);
    this.#earliestEnd = Math.min(this.#earliestEnd, grant.ends);
  }

  remove(grant: Grant): void {
    const key = formatAddress(grant.address);
    const grants = this.#byAddress.get(key);
    if (grants?.delete(grant.id) !== true) return;
    this.#size -= 1;
    if (grants.size === 0) this.#byAddress.delete(key);
  }

  /** Whether this very grant is live: not an extension of it, which has the same id. */
  holds(grant: Grant): boolean {
    return this.forAddress(grant.address).includes(grant);
  }

  /** What `--close` means: the stanza's grants for an address that lie inside `ports`, or all of them where none is named. */
  ownedBy(stanza: string, address: IpAddress, ports: readonly PortSpec[]): readonly Grant[] {
    return this.forAddress(address).filter(
      (grant) =>
        grant.stanza === stanza && (ports.length === 0 || grant.ports.every((spec) => coversPorts(ports, spec))),
    );
  }

  /** Removes and returns what has ended at `now`. Costs nothing while nothing can have. */
  expire(now: SteadyMs): readonly Grant[] {
    if (now < this.#earliestEnd) return [];
    const ended = [...this.all()].filter((grant) => grant.ends <= now);
    for (const grant of ended) this.remove(grant);
    this.#earliestEnd = Math.min(...[...this.all()].map((grant) => grant.ends));
    return ended;
  }

  forAddress(address: IpAddress): readonly Grant[] {
    return [...(this.#byAddress.get(formatAddress(address))?.values() ?? [])];
  }

  /** The addresses that hold a grant. */
  addresses(): readonly IpAddress[] {
    return [...this.#byAddress.values()].flatMap((grants) =>
      [...grants.values()].slice(0, 1).map((grant) => grant.address),
    );
  }

  *all(): Generator<Grant> {
    for (const grants of this.#byAddress.values()) yield* grants.values();
  }
}
