/** ICMP is decoded for whoever wants it; what fwknop's raw modes send is on real packets. */
import { describe, expect, test } from 'vitest';
import { formatAddress } from '../../../src/base/address.ts';
import { decodeFrame } from '../../../src/frame/packet.ts';
import { PacketView } from '../../../src/frame/packet-view.ts';
import { RAW_PACKETS } from '../spa/fwknop/captured.ts';
import { ascii, hex } from '../values.ts';
import { ethernet, join, v4, v6 } from './frames.ts';

const decode = (packet: Uint8Array, withIcmp = true): { view: PacketView; fault: string | undefined } => {
  const view = new PacketView();
  view.withIcmp = withIcmp;
  return { fault: decodeFrame('raw', packet, view), view };
};
const textOf = (view: PacketView): string => Buffer.from(view.payload()).toString('latin1');
/** RFC 792: type 8, code 0, checksum, identifier, number. */
const echo = (payload: string): Uint8Array => join(hex('0800 0000 1234 0001'), ascii(payload));

test.each([
  ['IPv4', v4(echo('0123456789'), { protocol: 1 }), 1],
  ['IPv6', v6(echo('0123456789'), 58), 58],
])('over %s', (_, packet, protocol) => {
  const { fault, view } = decode(packet);
  expect([fault, view.protocol, view.destinationPort, textOf(view)]).toEqual([undefined, protocol, 0, '0123456789']);
  expect(decode(packet, false).fault).toBe('not-transport');
});

test('a header that is cut off is truncated', () => {
  for (let length = 0; length < 8; length += 1) {
    expect(decode(v4(echo('').subarray(0, length), { protocol: 1 })).fault).toBe('truncated');
    expect(decode(v6(echo('').subarray(0, length), 58)).fault).toBe('truncated');
  }
});

test('what stands behind the packet, such as a checksum of the link, is not of it', () => {
  const frame = join(ethernet(v4(echo('0123456789'), { protocol: 1 })), hex('deadbeef'));
  const view = new PacketView();
  view.withIcmp = true;
  expect(decodeFrame('ethernet', frame, view)).toBeUndefined();
  expect(textOf(view)).toBe('0123456789');
});

describe('the real client', () => {
  test.each([
    ['udpraw_spoofed', 17, '10.99.0.77', 62_201],
    ['tcpraw_spoofed', 6, '10.99.0.78', 62_201],
    ['icmp_echo_reply', 1, '10.99.0.79', 0],
    ['icmp_type8', 1, '10.99.0.2', 0],
    ['udp_rand_port', 17, '10.99.0.2', 12_651],
  ] as const)('%s', (name, protocol, source, port) => {
    const { fault, view } = decode(hex(RAW_PACKETS[name]));
    expect([fault, view.protocol, view.destinationPort]).toEqual([undefined, protocol, port]);
    expect(formatAddress(view.source())).toBe(source);
    expect(textOf(view)).toMatch(/^[89+/][A-Za-z0-9+/]{203}$/);
  });
});
