/** The addresses of the interfaces that are listened on, and word of their changes, which Node does not tell. */
import { networkInterfaces } from 'node:os';
import { type Family, formatAddress, type IpAddress, parseAddress } from '../../src/base/address.ts';
import { addressLister, type InterfaceAddress } from '../process/interface-addresses.ts';
import { LinkWatch } from '../process/link-watch.ts';

/** Node's own list, for where the C library cannot be called. */
const nodeLister = (): readonly InterfaceAddress[] =>
  Object.entries(networkInterfaces()).flatMap(([name, list = []]) =>
    list.flatMap(({ address: text }) => {
      const address = parseAddress(text.replace(/%.*$/, ''));
      return address === undefined ? [] : [{ name, address }];
    }),
  );

const findLister = (): (() => readonly InterfaceAddress[]) => {
  try {
    return addressLister();
  } catch {
    return nodeLister;
  }
};

/** `any` stands for all interfaces; an alias label (`eth0:1`) has the addresses that bear it. */
export const localAddresses = (names: readonly string[], families: readonly Family[]): (() => readonly IpAddress[]) => {
  const list = findLister();
  return () =>
    list()
      .filter(
        ({ name, address }) => (names.includes('any') || names.includes(name)) && families.includes(address.family),
      )
      .map(({ address }) => address);
};

export class AddressWatch {
  readonly #watch: LinkWatch;

  /** Calls `onChange` with the new addresses. An interface that has lost all of them is given time to get some again. */
  constructor(look: () => readonly IpAddress[], onChange: (addresses: readonly IpAddress[]) => void) {
    let before = textOf(look());
    this.#watch = new LinkWatch(() => {
      const addresses = look();
      const text = textOf(addresses);
      if (text === before || addresses.length === 0) return;
      before = text;
      onChange(addresses);
    });
  }

  stop(): void {
    this.#watch.stop();
  }
}

const textOf = (addresses: readonly IpAddress[]): string => addresses.map(formatAddress).sort().join(' ');
