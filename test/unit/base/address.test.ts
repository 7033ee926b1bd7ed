import { describe, expect, test } from 'vitest';
import {
  addressFromBytes,
  canBeRemoteHost,
  cidrContains,
  compareCidr,
  formatAddress,
  formatHostPort,
  formatCidr,
  hasHostBits,
  isGloballyRoutable,
  isHost,
  isUnspecified,
  isV4Mapped,
  parseAddress,
  parseCidr,
} from '../../../src/base/address.ts';
import { cidr, hex, ip, toHex } from '../values.ts';

describe('text of an address', () => {
  test.each([
    ['0.0.0.0', '00000000'],
    ['192.0.2.1', 'c0000201'],
    ['255.255.255.255', 'ffffffff'],
  ])('IPv4 %s', (text, bytes) => {
    expect(toHex(ip(text).bytes)).toBe(bytes);
    expect(formatAddress(ip(text))).toBe(text);
  });

  // RFC 4291 section 2.2: the three forms, and the compressed ones beside what they stand for.
  test.each([
    ['ABCD:EF01:2345:6789:ABCD:EF01:2345:6789', 'abcdef0123456789abcdef0123456789'],
    ['2001:DB8:0:0:8:800:200C:417A', '20010db80000000000080800200c417a'],
    ['2001:DB8::8:800:200C:417A', '20010db80000000000080800200c417a'],
    ['FF01:0:0:0:0:0:0:101', 'ff010000000000000000000000000101'],
    ['FF01::101', 'ff010000000000000000000000000101'],
    ['0:0:0:0:0:0:0:1', '00000000000000000000000000000001'],
    ['::1', '00000000000000000000000000000001'],
    ['::', '00000000000000000000000000000000'],
    ['0:0:0:0:0:0:13.1.68.3', '0000000000000000000000000d014403'],
    ['::13.1.68.3', '0000000000000000000000000d014403'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
    ['::2:3:4:5:6:7:8', '00000002000300040005000600070008'],
  ])('IPv6 %s', (text, bytes) => {
    expect(ip(text).family).toBe(6);
    expect(toHex(ip(text).bytes)).toBe(bytes);
  });

  // RFC 5952 sections 4 and 5, with the sections' own examples.
  test.each([
    ['2001:0db8::0001', '2001:db8::1'],
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:db8::0:1', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:DB8:AAAA:BBBB:CCCC:DDDD:EEEE:AAAA', '2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaaa'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['0:1:0:1:0:1:0:1', '0:1:0:1:0:1:0:1'],
  ])('%s is written %s', (text, canonical) => {
    expect(formatAddress(ip(text))).toBe(canonical);
  });

  test.each(['::ffff:192.0.2.1', '::FFFF:c000:201', '0:0:0:0:0:ffff:192.0.2.1'])('%s is an IPv4 address', (text) => {
    expect(ip(text)).toEqual(ip('192.0.2.1'));
  });

  test.each([
    ...['', ' ', '1', '1.2.3', '1.2.3.4.5', '256.1.1.1', '01.2.3.4', '1.2.3.04', '1.2.3.-4', '+1.2.3.4', '0x1.2.3.4'],
    ...[' 1.2.3.4', '1.2.3.4 ', '1.2.3.4\n', '1..2.3', '1.2.3.', 'localhost', '١.٢.٣.٤', '1e1.2.3.4'],
    ...[':', ':::', '::1::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7:8::', ':1:2:3:4:5:6:7'],
    ...['1:2:3:4:5:6:7:', '12345::', 'g::', 'fe80::1%eth0', '[::1]', '::1/64', '1.2.3.4::', '::1.2.3.4:5', '::1.2.3'],
    ...['1:2:3:4:5:6:7:1.2.3.4', '::256.1.1.1', '1:2:3:4:5:6:7:8::9', '::1 ', '::\n', '-1::'],
  ])('%j is no address', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  test('every address of 16 bytes but an IPv4-mapped one stays IPv6', () => {
    expect(addressFromBytes(hex('00000000000000000000ffffc0000201'))).toEqual(ip('192.0.2.1'));
    expect(addressFromBytes(hex('00000000000000000000fffec0000201')).family).toBe(6);
    expect(addressFromBytes(hex('00000000000000000001ffffc0000201')).family).toBe(6);
  });

  test.each([
    ['of an array', hex],
    ['of a Buffer, whose slice would be a view', (text: string) => Buffer.from(text, 'hex')],
  ])('an address is a copy %s', (_, bytesOf) => {
    for (const text of ['c0000201', '00000000000000000000ffffc0000201', `20010db8${'00'.repeat(11)}01`]) {
      const bytes = bytesOf(text);
      const address = addressFromBytes(bytes);
      const before = formatAddress(address);
      bytes.fill(99);
      expect(formatAddress(address)).toBe(before);
    }
  });
});

describe('text of a prefix', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1/32', '192.0.2.1'],
    ['192.0.2.0/24', '192.0.2.0/24'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['::/0', '::/0'],
    ['2001:DB8::/32', '2001:db8::/32'],
    ['2001:db8::1/128', '2001:db8::1'],
    ['192.0.2.128/25', '192.0.2.128/25'],
    ['2001:db8:8000::/33', '2001:db8:8000::/33'],
  ])('%s is written %s', (text, canonical) => {
    expect(formatCidr(cidr(text))).toBe(canonical);
  });

  test.each([
    ...['192.0.2.1/24', '192.0.2.128/24', '2001:db8::1/64', '1.0.0.0/0', '192.0.2.0/33', '::/129', '::/999'],
    ...['192.0.2.0/', '/24', '192.0.2.0/024', '192.0.2.0/-1', '192.0.2.0/+8', '192.0.2.0/8/8', '192.0.2.0/2 4', ''],
    ...['192.0.2.0/255.255.255.0', '192.0.2.0/24 ', '::/0x10'],
  ])('%j is no prefix', (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });

  // RFC 4291 section 2.5.5.2: the IPv4 address is the last 32 of 128 bits, so /24 would cut into the zeros before it.
  test.each(['::ffff:1.2.3.0/24', '::ffff:0.0.0.0/0', '::ffff:10.0.0.0/8'])(
    '%s is not read as an IPv4 prefix',
    (text) => {
      expect(parseCidr(text)).toBeUndefined();
    },
  );
});

describe('prefixes', () => {
  test.each([
    ['192.0.2.0/24', '192.0.2.255', true],
    ['192.0.2.0/24', '192.0.3.0', false],
    ['192.0.2.128/25', '192.0.2.127', false],
    ['192.0.2.128/25', '192.0.2.128', true],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['::/0', '192.0.2.1', false],
    ['2001:db8::/33', '2001:db8:7fff::', true],
    ['2001:db8::/33', '2001:db8:8000::', false],
    ['2001:db8::1', '2001:db8::1', true],
    ['2001:db8::1', '2001:db8::2', false],
  ])('%s contains %s: %s', (network, address, inside) => {
    expect(cidrContains(cidr(network), ip(address))).toBe(inside);
  });

  test('bits beyond the prefix are seen in every byte', () => {
    expect(hasHostBits({ address: ip('192.0.2.1'), prefix: 31 })).toBe(true);
    expect(hasHostBits({ address: ip('192.0.2.2'), prefix: 31 })).toBe(false);
    expect(hasHostBits({ address: ip('128.0.0.0'), prefix: 0 })).toBe(true);
    expect(hasHostBits({ address: ip('8000::'), prefix: 1 })).toBe(false);
  });

  test('order: IPv4 first, then the bytes, then the shorter prefix', () => {
    const ordered = ['0.0.0.0/0', '10.0.0.0/8', '10.0.0.0/16', '10.0.0.1', '255.0.0.0/8', '::/0', '::1', '2001:db8::'];
    const shuffled = [3, 7, 0, 5, 2, 6, 1, 4].map((index) => cidr(ordered[index] ?? ''));
    expect(shuffled.sort(compareCidr).map(formatCidr)).toEqual(ordered);
  });

  test('what is a host, unspecified, mapped', () => {
    expect(isHost(cidr('192.0.2.1'))).toBe(true);
    expect(isHost(cidr('192.0.2.0/31'))).toBe(false);
    expect(isHost({ address: ip('::'), prefix: 32 })).toBe(false);
    expect([ip('0.0.0.0'), ip('::'), ip('::1'), ip('0.0.0.1')].map(isUnspecified)).toEqual([true, true, false, false]);
    expect(isV4Mapped({ family: 6, bytes: hex('00000000000000000000ffff00000000') })).toBe(true);
    expect(isV4Mapped(ip('1.2.3.4'))).toBe(false);
  });
});

describe('kinds of addresses', () => {
  // RFC 6890 and the IANA special-purpose registries.
  test.each(['0.0.0.0', '0.1.2.3', '127.0.0.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255'])(
    'no remote host is %s',
    (text) => expect(canBeRemoteHost(ip(text))).toBe(false),
  );
  test.each(['::', '::1', 'ff02::1', 'ffff::'])('no remote host is %s', (text) =>
    expect(canBeRemoteHost(ip(text))).toBe(false),
  );
  test.each(['1.1.1.1', '10.0.0.1', '192.168.1.1', '223.255.255.255', 'fe80::1', '2001:db8::1', '::2'])(
    'a remote host may be %s',
    (text) => expect(canBeRemoteHost(ip(text))).toBe(true),
  );
  test.each([
    ...['10.1.2.3', '100.64.0.1', '100.127.255.255', '169.254.1.1', '172.16.0.1', '172.31.255.255', '192.168.0.1'],
    ...['192.0.2.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '127.0.0.1', '0.0.0.0', '255.255.255.255'],
    ...['fe80::1', 'febf::1', 'fc00::1', 'fdff::1', '2001:db8::1', '100::1', '::1', '::', 'ff0e::1'],
  ])('%s is not globally routable', (text) => expect(isGloballyRoutable(ip(text))).toBe(false));
  test.each([
    ...['1.1.1.1', '8.8.8.8', '100.63.255.255', '100.128.0.0', '172.15.255.255', '172.32.0.0', '192.169.0.0'],
    ...['2606:4700::1111', '2a00:1450::1', '2001:4860:4860::8888', 'fec0::1'],
  ])('%s is globally routable', (text) => expect(isGloballyRoutable(ip(text))).toBe(true));
});

test('a port behind a name or an address: IPv6 is in brackets (RFC 3986)', () => {
  expect(formatHostPort('gw1.example.net', 22)).toBe('gw1.example.net:22');
  expect(formatHostPort('192.0.2.1', 22)).toBe('192.0.2.1:22');
  expect(formatHostPort('2001:db8::1', 22)).toBe('[2001:db8::1]:22');
});
