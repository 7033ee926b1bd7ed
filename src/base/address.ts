/**
 * IP addresses and prefixes. An address is its bytes; text is read in any spelling of RFC 4291 (no zone, no leading
 * zeros in IPv4) and written in the one of RFC 5952.
 */
export type Family = 4 | 6;

export interface IpAddress {
  readonly family: Family;
  /** 4 or 16 bytes, network order. */
  readonly bytes: Uint8Array;
  /** What is one host is no network (allow-address.ts). */
  readonly prefix?: never;
}

/** An address and the number of its leading bits that count. */
export interface Cidr {
  readonly address: IpAddress;
  /** 0 to 32, or 0 to 128. */
  readonly prefix: number;
}

export const addressBits = (family: Family): 32 | 128 => (family === 4 ? 32 : 128);

/** The address in `bytes` (4 or 16 of them, copied); an IPv4-mapped IPv6 address becomes the IPv4 address it stands for. */
export const addressFromBytes = (bytes: Uint8Array): IpAddress => {
  // Not `slice`: of a Buffer, which captured packets are, that is no copy.
  if (bytes.length === 4) return { family: 4, bytes: Uint8Array.from(bytes) };
  if (isV4MappedBytes(bytes)) return { family: 4, bytes: Uint8Array.from(bytes.subarray(12)) };
  return { family: 6, bytes: Uint8Array.from(bytes) };
};

const isV4MappedBytes = (bytes: Uint8Array): boolean =>
  bytes.length === 16 && bytes[10] === 0xff && bytes[11] === 0xff && bytes.subarray(0, 10).every((byte) => byte === 0);

/** `::ffff:0:0/96`, the IPv6 spelling of an IPv4 address; never valid inside a packet, which has a field for the family. */
export const isV4Mapped = (address: IpAddress): boolean => isV4MappedBytes(address.bytes);

export const hostCidr = (address: IpAddress): Cidr => ({ address, prefix: addressBits(address.family) });

export const isHost = (cidr: Cidr): boolean => cidr.prefix === addressBits(cidr.address.family);

/** Undefined where the text is not one address. `::ffff:1.2.3.4` reads as the IPv4 address 1.2.3.4. */
export const parseAddress = (text: string): IpAddress | undefined => {
  const bytes = text.includes(':') ? parseV6(text) : parseV4(text);
  return bytes === undefined ? undefined : addressFromBytes(bytes);
};

const parseV4 = (text: string): Uint8Array | undefined => {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255)) {
    return undefined;
  }
  return Uint8Array.from(parts, Number);
};

const parseV6 = (text: string): Uint8Array | undefined => {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? '', true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined;
  return Uint8Array.from([...head, ...new Array<number>(missing).fill(0), ...tail]);
};

/** The bytes of `a:b:c`, or with `last` of `a:b:1.2.3.4` too; none for the empty text. */
const parseGroups = (text: string, last: boolean): number[] | undefined => {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    if (last && index === groups.length - 1 && group.includes('.')) {
      const v4 = parseV4(group);
      if (v4 === undefined) return undefined;
      bytes.push(...v4);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    } else return undefined;
  }
  return bytes.length <= 16 ? bytes : undefined;
};

/** RFC 5952: lower case, the longest run of two or more zero groups (the first of equals) as `::`. */
export const formatAddress = (address: IpAddress): string => {
  const { bytes } = address;
  if (address.family === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => ((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0));
  const [start, length] = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
};

const longestZeroRun = (groups: readonly number[]): readonly [start: number, length: number] => {
  let best: readonly [number, number] = [0, 0];
  let run = 0;
  for (const [index, group] of groups.entries()) {
    run = group === 0 ? run + 1 : 0;
    if (run > best[1]) best = [index - run + 1, run];
  }
  return best;
};

/** `ADDRESS` or `ADDRESS/BITS`. Undefined where it is neither, or where bits beyond the prefix are set. */
export const parseCidr = (text: string): Cidr | undefined => {
  const slash = text.indexOf('/');
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  if (slash < 0) return hostCidr(address);
  // `::ffff:1.2.3.4` has become IPv4; what a prefix length would count then is anyone's guess.
  if (address.family === 4 && text.includes(':')) return undefined;
  const bits = text.slice(slash + 1);
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(bits) || Number(bits) > addressBits(address.family)) return undefined;
  const cidr = { address, prefix: Number(bits) };
  return hasHostBits(cidr) ? undefined : cidr;
};

/** `192.0.2.0/24`; a single host is written without `/32` or `/128`. */
export const formatCidr = (cidr: Cidr): string =>
  isHost(cidr) ? formatAddress(cidr.address) : `${formatAddress(cidr.address)}/${String(cidr.prefix)}`;

/** The byte of a prefix length's mask at `index`. */
const maskByte = (prefix: number, index: number): number => {
  const bits = Math.min(8, Math.max(0, prefix - 8 * index));
  return (0xff00 >> bits) & 0xff;
};

/** Whether a bit beyond the prefix is set, which makes it two spellings of one network. */
export const hasHostBits = (cidr: Cidr): boolean =>
  cidr.address.bytes.some((byte, index) => (byte & ~maskByte(cidr.prefix, index) & 0xff) !== 0);

export const cidrContains = (cidr: Cidr, address: IpAddress): boolean =>
  cidr.address.family === address.family &&
  cidr.address.bytes.every(
    (byte, index) => ((byte ^ (address.bytes[index] ?? 0)) & maskByte(cidr.prefix, index)) === 0,
  );

/** The canonical order: IPv4 before IPv6, then by bytes, then shorter prefixes first. */
export const compareCidr = (a: Cidr, b: Cidr): number => {
  if (a.address.family !== b.address.family) return a.address.family - b.address.family;
  for (const [index, byte] of a.address.bytes.entries()) {
    const difference = byte - (b.address.bytes[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.prefix - b.prefix;
};

export const isUnspecified = (address: IpAddress): boolean => address.bytes.every((byte) => byte === 0);

/** Whether an address is in one of the networks: read when first asked for, those of its family alone, so that a start is short. */
const isAmong = (v4: readonly string[], v6: readonly string[]): ((address: IpAddress) => boolean) => {
  const read = new Map<Family, readonly Cidr[]>();
  return (address) => {
    const networks = read.get(address.family) ?? parseNetworks(address.family === 4 ? v4 : v6);
    read.set(address.family, networks);
    return networks.some((cidr) => cidrContains(cidr, address));
  };
};

const parseNetworks = (texts: readonly string[]): readonly Cidr[] =>
  texts.map(parseCidr).filter((cidr) => cidr !== undefined);

/** No host has such an address: unspecified, loopback, multicast, broadcast and the reserved class E. */
const isNoHost = isAmong(['0.0.0.0/8', '127.0.0.0/8', '224.0.0.0/4', '240.0.0.0/4'], ['::/127', 'ff00::/8']);

/** Whether traffic from a remote host can bear this source address at all. */
export const canBeRemoteHost = (address: IpAddress): boolean => !isNoHost(address);

/** IANA special-purpose registries (RFC 6890): addresses that mean nothing, or something else, beyond the local network. */
const isLocal = isAmong(
  [
    ...['10.0.0.0/8', '100.64.0.0/10', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24'],
    ...['192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ],
  ['100::/64', '2001:db8::/32', '3fff::/20', '5f00::/16', '64:ff9b:1::/48', 'fc00::/7', 'fe80::/10'],
);

/** `gw1:62201`, `192.0.2.1:62201`, `[2001:db8::1]:62201` (RFC 3986 section 3.2.2), of a name or an address. */
export const formatHostPort = (host: string, port: number): string =>
  `${host.includes(':') ? `[${host}]` : host}:${String(port)}`;

/** Addresses that stand for hosts of IPv4, many of them in one /64: NAT64 (RFC 6052, RFC 8215) and Teredo (RFC 4380). */
export const isTranslated = isAmong([], ['64:ff9b::/96', '64:ff9b:1::/48', '2001::/32']);

/** Carrier-grade NAT (RFC 6598): what a provider gives to many customers who share an address on the Internet. */
export const isCarrierGrade = isAmong(['100.64.0.0/10'], []);

/** Whether a server on the Internet would see this very address as the source of our packets, NAT apart. */
export const isGloballyRoutable = (address: IpAddress): boolean => canBeRemoteHost(address) && !isLocal(address);
