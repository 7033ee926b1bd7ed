/**
 * Whom a grant lets in: one host, or the IPv6 network that hosts change their addresses within (RFC 8981). There is one width of
 * networks, so that two of them are equal or have no address in common.
 */
import {
  type Cidr,
  cidrContains,
  type Family,
  formatAddress,
  hostCidr,
  type IpAddress,
  isHost,
  parseCidr,
} from './address.ts';

/** How many bits all hosts of a link share (RFC 4291, section 2.5.1). */
export const NETWORK_PREFIX = 64;

/** An {@link IpAddress} is one; with `prefix` it is the first address of a network. */
export interface AllowAddress {
  readonly family: Family;
  /** 4 or 16 bytes, network order; with `prefix` the last 8 are zero. */
  readonly bytes: Uint8Array;
  readonly prefix?: typeof NETWORK_PREFIX;
}

/** The network of an IPv6 address; an IPv4 address stays as it is. */
export const widen = (address: AllowAddress): AllowAddress =>
  address.family === 4
    ? address
    : { family: 6, bytes: address.bytes.map((byte, index) => (index < 8 ? byte : 0)), prefix: NETWORK_PREFIX };

/** `2001:db8::5`, or `2001:db8::/64`. */
export const formatAllowed = ({ family, bytes, prefix }: AllowAddress): string =>
  formatAddress({ family, bytes }) + (prefix === undefined ? '' : `/${String(prefix)}`);

/** Undefined where the text is neither a host nor an IPv6 network of that width. */
export const parseAllowed = (text: string): AllowAddress | undefined => {
  const cidr = parseCidr(text);
  return cidr && allowedOf(cidr);
};

/** The same of what a packet names. */
export const allowedOf = (cidr: Cidr): AllowAddress | undefined => {
  if (isHost(cidr)) return cidr.address;
  return cidr.address.family === 6 && cidr.prefix === NETWORK_PREFIX ? widen(cidr.address) : undefined;
};

/** Undefined where it is a network. */
export const hostOf = ({ family, bytes, prefix }: AllowAddress): IpAddress | undefined =>
  prefix === undefined ? { family, bytes } : undefined;

/** Whether all of it lies in a network. */
export const containsAllowed = (network: Cidr, { family, bytes, prefix }: AllowAddress): boolean =>
  cidrContains(network, { family, bytes }) && network.prefix <= (prefix ?? hostCidr({ family, bytes }).prefix);
