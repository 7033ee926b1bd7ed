/** The addresses of the interfaces that are listened on, and word of their changes, which Node does not tell. */
import { networkInterfaces } from 'node:os';
import { type Family, formatAddress, type IpAddress, parseAddress } from '../../src/base/address.ts';

const EVERY_MS = 500;

/** `any` stands for all interfaces; an alias label (`eth0:1`) has the addresses that bear it. */
export const localAddresses = (names: readonly string[], families: readonly Family[]): readonly IpAddress[] => {
  const all = networkInterfaces();
  const chosen = names.includes('any') ? Object.keys(all) : names;
  return chosen
    .flatMap((name) => all[name] ?? [])
    .map(({ address }) => parseAddress(address.replace(/%.*$/, '')))
    .filter((address) => address !== undefined)
    .filter(({ family }) => families.includes(family));
};

export class AddressWatch {
  readonly #timer: NodeJS.Timeout;

  /** Calls `onChange` with the new addresses. An interface that has lost all of them is given time to get some again. */
  constructor(look: () => readonly IpAddress[], onChange: (addresses: readonly IpAddress[]) => void) {
    let before = textOf(look());
    this.#timer = setInterval(() => {
      const addresses = look();
      const text = textOf(addresses);
      if (text === before || addresses.length === 0) return;
      before = text;
      onChange(addresses);
    }, EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

const textOf = (addresses: readonly IpAddress[]): string => addresses.map(formatAddress).sort().join(' ');
