/** getifaddrs(3): unlike Node's `networkInterfaces`, it also tells of interfaces that have no carrier at the moment. */
import koffi from 'koffi';
import { addressFromBytes, type IpAddress } from '../../src/base/address.ts';

export interface InterfaceAddress {
  /** The interface, or an address label such as `eth0:1`. */
  readonly name: string;
  readonly address: IpAddress;
}

const AF_INET = 2;
const AF_INET6 = 10;
/** struct sockaddr_in and sockaddr_in6: where the address stands. */
const V4 = { start: 4, end: 8 };
const V6 = { start: 8, end: 24 };

interface Entry {
  readonly ifa_next: unknown;
  readonly ifa_name: string;
  readonly ifa_addr: unknown;
}

/** Gives a function that lists the addresses of this host. Throws where the C library cannot be called. */
export const addressLister = (): (() => readonly InterfaceAddress[]) => {
  const library = koffi.load('libc.so.6');
  const getifaddrs = library.func('int getifaddrs(_Out_ void **list)');
  const freeifaddrs = library.func('void freeifaddrs(void *list)');
  const entryType = koffi.struct({
    ifa_next: 'void *',
    ifa_name: 'const char *',
    ifa_flags: 'unsigned int',
    ifa_addr: 'void *',
  });
  return () => {
    const list: unknown[] = [null];
    if (getifaddrs(list) !== 0) return [];
    const found: InterfaceAddress[] = [];
    for (let place = list[0]; place !== null && place !== undefined;) {
      const entry = koffi.decode(place, entryType) as Entry;
      const address = addressAt(entry.ifa_addr);
      if (address !== undefined) found.push({ name: entry.ifa_name, address });
      place = entry.ifa_next;
    }
    freeifaddrs(list[0]);
    return found;
  };
};

const addressAt = (place: unknown): IpAddress | undefined => {
  if (place === null) return undefined;
  const family: unknown = koffi.decode(place, 'uint16_t');
  const part = family === AF_INET ? V4 : family === AF_INET6 ? V6 : undefined;
  if (part === undefined) return undefined;
  const bytes = koffi.decode(place, 'uint8_t', part.end) as ArrayLike<number>;
  return addressFromBytes(Uint8Array.from(bytes).subarray(part.start));
};
