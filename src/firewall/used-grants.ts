/** Which grants connections use: one pass over the connections, however many grants there are. */
import { type AddressKey, addressKey } from '../base/address-key.ts';
import type { IpAddress } from '../base/address.ts';
import { NETWORK_PREFIX } from '../base/allow-address.ts';
import type { Grant } from '../grant/grant.ts';
import type { Connection } from './conntrack-message.ts';

const NETWORK_BYTES = NETWORK_PREFIX / 8;

/** Of a network the bytes that its addresses have in common. */
const keyOf = ({ address: { family, bytes, prefix } }: Grant): AddressKey => {
  const key = addressKey({ family, bytes });
  return prefix === undefined || typeof key === 'number' ? key : key.slice(0, NETWORK_BYTES);
};

export class UsedGrants {
  readonly #local: ReadonlySet<AddressKey>;
  /** Those that no connection has been seen to use yet. */
  readonly #open = new Map<AddressKey, Grant[]>();
  readonly #used: string[] = [];

  /** `local`: this host's own addresses. What is only routed through it uses no grant. */
  constructor(grants: readonly Grant[], local: readonly IpAddress[]) {
    this.#local = new Set(local.map(addressKey));
    for (const grant of grants) {
      const key = keyOf(grant);
      const list = this.#open.get(key);
      if (list === undefined) this.#open.set(key, [grant]);
      else list.push(grant);
    }
  }

  see({ source, destination, protocol, port, isTranslated }: Connection): void {
    if (!(isTranslated || this.#local.has(destination))) return;
    this.#use(source, protocol, port);
    if (typeof source === 'string') this.#use(source.slice(0, NETWORK_BYTES), protocol, port);
  }

  #use(client: AddressKey, protocol: Connection['protocol'], port: number): void {
    const grants = this.#open.get(client);
    if (grants === undefined) return;
    const uses = ({ ports }: Grant): boolean =>
      ports.some((spec) => spec.protocol === protocol && spec.first <= port && port <= spec.last);
    const used = grants.filter(uses);
    if (used.length === 0) return;
    this.#used.push(...used.map(({ id }) => id));
    this.#open.set(
      client,
      grants.filter((grant) => !uses(grant)),
    );
  }

  /** The ids of those that are used. */
  get ids(): readonly string[] {
    return this.#used;
  }
}
