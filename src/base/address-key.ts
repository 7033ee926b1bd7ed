/**
 * An address as a value that `===` and maps compare, for where addresses come by the hundred thousand a second: an IPv4
 * address is a number (its 32 bits, signed, which V8 keeps without an object), an IPv6 address a string of 16 characters,
 * one a byte.
 */
import { addressFromBytes, formatAddress, type Family, type IpAddress } from './address.ts';

export type AddressKey = number | string;

export const addressKey = ({ bytes }: IpAddress): AddressKey =>
  bytes.length === 4 ? v4KeyAt(bytes, 0) : String.fromCharCode(...bytes);

/**
 * The key of the 4 or 16 bytes at `offset`, which must be there; like {@link addressFromBytes} it takes an IPv4-mapped
 * address for the IPv4 address that it stands for.
 */
export const addressKeyAt = (bytes: Uint8Array, offset: number, family: Family): AddressKey =>
  family === 4 ? v4KeyAt(bytes, offset) : addressKey(addressFromBytes(bytes.subarray(offset, offset + 16)));

export const familyOfKey = (key: AddressKey): Family => (typeof key === 'number' ? 4 : 6);

/** The 4 or 16 bytes again. */
export const bytesOfKey = (key: AddressKey): Uint8Array =>
  typeof key === 'number'
    ? Uint8Array.of(key >>> 24, key >>> 16, key >>> 8, key)
    : Uint8Array.from(key, (character) => character.charCodeAt(0));

/** As {@link formatAddress}. */
export const formatKey = (key: AddressKey): string =>
  typeof key === 'number'
    ? `${String(key >>> 24)}.${String((key >>> 16) & 0xff)}.${String((key >>> 8) & 0xff)}.${String(key & 0xff)}`
    : formatAddress(addressOfKey(key));

export const addressOfKey = (key: AddressKey): IpAddress => addressFromBytes(bytesOfKey(key));

const v4KeyAt = (bytes: Uint8Array, offset: number): number =>
  ((bytes[offset] ?? 0) << 24) |
  ((bytes[offset + 1] ?? 0) << 16) |
  ((bytes[offset + 2] ?? 0) << 8) |
  (bytes[offset + 3] ?? 0);
