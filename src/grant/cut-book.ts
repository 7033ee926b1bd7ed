/**
 * Grants that have ended and whose connections stay cut. The kernel drops what still comes from their clients, for as long as
 * the book holds them; a grant that does not cut, asked for later, lifts the cut from its ports.
 */
import type { AllowAddress } from '../base/allow-address.ts';
import { overlaps, type PortSpec, withoutPorts } from '../base/port-spec.ts';
import { type SteadyMs, steadyMs } from '../base/units.ts';
import type { Grant } from './grant.ts';
import { Ledger } from './ledger.ts';
import type { GrantEvent } from './record.ts';

/** What lifting has done: grants as they were in the book, and what is left of each. */
export interface Lifting {
  readonly before: readonly Grant[];
  readonly events: readonly GrantEvent[];
}

const ALWAYS = steadyMs(Number.NEGATIVE_INFINITY);

export class CutBook {
  readonly #ended: Ledger;

  /** `capacity`: where there are more, the connections of the oldest are forgotten, as if they had not been cut. */
  constructor(capacity: number) {
    this.#ended = new Ledger(capacity);
  }

  /** All of it, by address, oldest first. */
  all(): readonly Grant[] {
    return [...this.#ended.all()];
  }

  addresses(): readonly AllowAddress[] {
    return this.#ended.addresses();
  }

  at(address: AllowAddress): readonly Grant[] {
    return this.#ended.forAddress(address);
  }

  /** Takes in a grant that has ended. What its stanza had cut there before is in it. Gives what was let go of for it. */
  add(grant: Grant): readonly Grant[] {
    const same = this.#ended.find(grant, ALWAYS);
    if (same !== undefined) this.#ended.remove(same);
    const gone = this.#ended.hasRoom(1) ? same : this.#ended.removeEarliest();
    this.#ended.put(grant);
    return gone === undefined || gone.id === grant.id ? [] : [gone];
  }

  /** Takes out a grant that has not ended after all. */
  forget(grant: Grant): void {
    this.#ended.remove(grant);
  }

  /** Takes what is `time` or longer past its end out. */
  expire(time: SteadyMs): readonly Grant[] {
    return this.#ended.expire(time);
  }

  /** Takes ports of an address out. */
  lift(address: AllowAddress, ports: readonly PortSpec[]): Lifting {
    const before = this.at(address).filter((grant) =>
      grant.ports.some((spec) => ports.some((one) => overlaps(spec, one))),
    );
    const events = before.flatMap((grant): readonly GrantEvent[] => {
      const left = { ...grant, ports: withoutPorts(grant.ports, ports) };
      this.#ended.remove(grant);
      if (left.ports.length === 0) return [{ kind: 'end', id: grant.id }];
      this.#ended.put(left);
      return [
        { kind: 'open', grant: left },
        { kind: 'cut', id: grant.id },
      ];
    });
    return { before, events };
  }
}
