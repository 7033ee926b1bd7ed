/**
 * All live grants. A stanza that asks again for the same address, ports and forwarding extends its grant and never shortens
 * it; grants of different stanzas are independent even where they overlap. What the firewall must show for an address
 * follows from the ledger ({@link Ledger.forAddress}) and is worked out elsewhere.
 */
import { type AllowAddress, formatAllowed } from '../base/allow-address.ts';
import { coversPorts, type PortSpec, samePorts } from '../base/port-spec.ts';
import { type SteadyMs, steadyMs } from '../base/units.ts';
import { EndQueue } from './end-queue.ts';
import { forwardingKey } from './forwarding.ts';
import type { Grant } from './grant.ts';

const FOREVER = steadyMs(Number.POSITIVE_INFINITY);

export class Ledger {
  readonly #capacity: number;
  /** By the address's text, then by the grant's id. */
  readonly #byAddress = new Map<string, Map<string, Grant>>();
  /** The order in which grants came in. A grant that is put back has its old place again. */
  readonly #ranks = new WeakMap<Grant, number>();
  #lastRank = 0;
  #size = 0;
  readonly #connected = new EndQueue<Grant>((grant) => this.holds(grant));
  readonly #ends = new EndQueue<Grant>((grant) => this.holds(grant));

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
   * The stanza's own grant for exactly this address, these ports and this forwarding that has not ended at `now`: the one
   * that asking again extends. One that has ended, and is only not swept up yet, is over.
   */
  find(wish: Pick<Grant, 'stanza' | 'byHand' | 'address' | 'ports' | 'forwarding'>, now: SteadyMs): Grant | undefined {
    return this.forAddress(wish.address).find(
      (grant) =>
        grant.ends > now &&
        grant.stanza === wish.stanza &&
        grant.byHand === wish.byHand &&
        samePorts(grant.ports, wish.ports) &&
        forwardingKey(grant.forwarding) === forwardingKey(wish.forwarding),
    );
  }

  /** Adds a grant, or replaces the one of the same id; either is the newest of its address then. */
  put(grant: Grant): void {
    const key = formatAllowed(grant.address);
    const grants = this.#byAddress.get(key) ?? new Map<string, Grant>();
    this.#byAddress.set(key, grants);
    if (!grants.delete(grant.id)) this.#size += 1;
    grants.set(grant.id, grant);
    if (!this.#ranks.has(grant)) this.#ranks.set(grant, (this.#lastRank += 1));
    this.#ends.put(grant);
    if (grant.whileConnected === true) this.#connected.put(grant);
  }

  remove(grant: Grant): void {
    const key = formatAllowed(grant.address);
    const grants = this.#byAddress.get(key);
    if (grants?.delete(grant.id) !== true) return;
    this.#size -= 1;
    if (grants.size === 0) this.#byAddress.delete(key);
  }

  /** Whether this very grant is live: not an extension of it, which has the same id. */
  holds(grant: Grant): boolean {
    return this.#byAddress.get(formatAllowed(grant.address))?.get(grant.id) === grant;
  }

  /** What `--close` means: the stanza's own grants for an address that lie inside `ports`, or all of them where none is named. */
  ownedBy(stanza: string, address: AllowAddress, ports: readonly PortSpec[]): readonly Grant[] {
    return this.forAddress(address).filter(
      (grant) =>
        grant.stanza === stanza &&
        grant.byHand !== true &&
        (ports.length === 0 || grant.ports.every((spec) => coversPorts(ports, spec))),
    );
  }

  /** Removes and returns what has ended at `now`; the others are not looked at. */
  expire(now: SteadyMs): readonly Grant[] {
    const ended: Grant[] = [];
    for (const grant of this.#ends.take(now)) {
      this.remove(grant);
      ended.push(grant);
    }
    return ended;
  }

  /** Removes and returns the grant that ends first. */
  removeEarliest(): Grant | undefined {
    for (const grant of this.#ends.take(FOREVER)) {
      this.remove(grant);
      return grant;
    }
    return undefined;
  }

  /** Those that go on while they are used and end at `time` or before; each comes once, and again when it is put again. */
  nearEnd(time: SteadyMs): Iterable<Grant> {
    return this.#connected.take(time);
  }

  /** The grants of an address, oldest first. */
  forAddress(address: AllowAddress): readonly Grant[] {
    return this.inOrder(this.#byAddress.get(formatAllowed(address))?.values() ?? []);
  }

  /** Grants that are or have been in the ledger, oldest first; one that was extended is as old as its extension. */
  inOrder(grants: Iterable<Grant>): readonly Grant[] {
    const rank = (grant: Grant): number => this.#ranks.get(grant) ?? 0;
    return [...grants].sort((a, b) => rank(a) - rank(b));
  }

  /** The addresses that hold a grant. */
  addresses(): readonly AllowAddress[] {
    return [...this.#byAddress.values()].flatMap((grants) =>
      [...grants.values()].slice(0, 1).map((grant) => grant.address),
    );
  }

  *all(): Generator<Grant> {
    for (const grants of this.#byAddress.values()) yield* this.inOrder(grants.values());
  }
}
