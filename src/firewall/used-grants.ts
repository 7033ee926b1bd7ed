/** Which grants connections use: one pass over the connections, however many grants there are. */
import { type AddressKey, addressKey } from '../base/address-key.ts';
import type { IpAddress } from '../base/address.ts';
import type { Grant } from '../grant/grant.ts';
import type { Connection } from './conntrack-message.ts';

export class UsedGrants {
  readonly #local: ReadonlySet<AddressKey>;
  /** Those that no connection has been seen to use yet. */
  readonly #open = new Map<AddressKey, Grant[]>();
  readonly #used: string[] = [];

  /** `local`: this host's own addresses. What is only routed through it uses no grant. */
  constructor(grants: readonly Grant[], local: readonly IpAddress[]) {
    this.#local = new Set(local.map(addressKey));
    for (const grant of grants) {
      const key = addressKey(grant.address);
      const list = this.#open.get(key);
      if (list === undefined) this.#open.set(key, [grant]);
      else list.push(grant);
    }
  }

  see({ source, destination, protocol, port, isTranslated }: Connection): void {
    const grants = this.#open.get(source);
    if (grants === undefined || !(isTranslated || this.#local.has(destination))) return;
    const uses = ({ ports }: Grant): boolean =>
      ports.some((spec) => spec.protocol === protocol && spec.first <= port && port <= spec.last);
    const used = grants.filter(uses);
    if (used.length === 0) return;
    this.#used.push(...used.map(({ id }) => id));
    this.#open.set(
      source,
      grants.filter((grant) => !uses(grant)),
    );
  }

  /** The ids of those that are used. */
  get ids(): readonly string[] {
    return this.#used;
  }
}
