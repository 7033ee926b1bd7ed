import { expect, test } from 'vitest';
import { formatAddress, parseAddress } from '../../../src/base/address.ts';
import {
  addressKey,
  addressKeyAt,
  addressOfKey,
  bytesOfKey,
  familyOfKey,
  formatKey,
} from '../../../src/base/address-key.ts';
import { hex, toHex } from '../values.ts';

test.each([
  ['0.0.0.0', 4],
  ['127.255.255.255', 4],
  ['128.0.0.1', 4],
  ['255.255.255.255', 4],
  ['::', 6],
  ['fd99::ff80:1', 6],
  ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 6],
] as const)('%s and back', (text, family) => {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`${text} is no address`);
  const key = addressKey(address);
  expect(familyOfKey(key)).toBe(family);
  expect(formatKey(key)).toBe(text);
  expect(addressOfKey(key)).toEqual(address);
  expect(bytesOfKey(key)).toEqual(address.bytes);
  expect(addressKeyAt(Uint8Array.of(9, ...address.bytes, 9), 1, family)).toBe(key);
});

test('IPv4 is a number of 32 bits, IPv6 its bytes', () => {
  expect(addressKeyAt(hex('0a630001'), 0, 4)).toBe(0x0a630001);
  expect(addressKeyAt(hex('ff000001'), 0, 4)).toBe(0xff000001 | 0);
  expect(addressKeyAt(hex('00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 ff'), 0, 6)).toBe(`${'\0'.repeat(15)}\u00ff`);
});

test('an IPv4-mapped address is the IPv4 address', () => {
  const mapped = hex('00000000 00000000 0000ffff c0000201');
  expect(formatKey(addressKeyAt(mapped, 0, 6))).toBe('192.0.2.1');
  expect(toHex(bytesOfKey(addressKeyAt(mapped, 0, 6)))).toBe('c0000201');
  expect(formatAddress(addressOfKey(addressKeyAt(mapped, 0, 6)))).toBe('192.0.2.1');
});
