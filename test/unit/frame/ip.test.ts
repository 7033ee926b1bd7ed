import { describe, expect, test } from 'vitest';
import { decodeFrame } from '../../../src/frame/packet.ts';
import { PacketView } from '../../../src/frame/packet-view.ts';
import { ascii, hex, toHex } from '../values.ts';
import { authentication, extension, fragmentHeader, join, tcp, udp, v4, v6 } from './frames.ts';

const payload = ascii('0123456789');
const HOP = 0;
const TCP = 6;
const UDP = 17;
const ROUTING = 43;
const FRAGMENT = 44;
const ESP = 50;
const AH = 51;
const DESTINATION = 60;

const decode = (packet: Uint8Array): { view: PacketView; fault: string | undefined } => {
  const view = new PacketView();
  return { fault: decodeFrame('raw', packet, view), view };
};

const payloadOf = (packet: Uint8Array): string => {
  const { view, fault } = decode(packet);
  return fault ?? Buffer.from(view.payload()).toString('latin1');
};

describe('IPv4', () => {
  test('options are skipped', () => {
    for (const words of [1, 5, 10])
      expect(payloadOf(v4(udp(payload), { options: new Uint8Array(4 * words).fill(1) }))).toBe('0123456789');
  });

  test.each([
    ['a header shorter than 20 bytes', v4(udp(payload), { words: 4 })],
    ['no header length', v4(udp(payload), { words: 0 })],
    ['a total shorter than the header', v4(udp(payload), { total: 19 })],
    ['no total (segmentation offload)', v4(udp(payload), { total: 0 })],
    ['options longer than the total', v4(udp(payload), { words: 15, total: 40 })],
  ])('%s: bad-header', (_, packet) => {
    expect(payloadOf(packet)).toBe('bad-header');
  });

  test('a total beyond the capture is truncated', () => {
    expect(payloadOf(v4(udp(payload), { total: 39 }))).toBe('truncated');
    expect(payloadOf(v4(udp(payload), { total: 0xffff }))).toBe('truncated');
  });

  test('later fragments hold no ports; the first one is marked', () => {
    for (const offset of [1, 185, 0x1fff]) expect(payloadOf(v4(udp(payload), { fragment: offset }))).toBe('fragment');
    expect(payloadOf(v4(udp(payload), { fragment: 0x2001 }))).toBe('fragment');
    const first = decode(v4(udp(payload, 1, 2, 1000), { fragment: 0x2000 }));
    expect([first.fault, first.view.partial]).toEqual([undefined, true]);
    expect(toHex(first.view.payload())).toBe(toHex(payload));
    expect(decode(v4(udp(payload), { fragment: 0x4000 })).view.partial).toBe(false);
  });

  test.each([
    ['ICMP', 1],
    ['IGMP', 2],
    ['GRE', 47],
    ['ESP', ESP],
    ['SCTP', 132],
    ['IPv6 in IPv4', 41],
  ])('%s is not for us', (_, protocol) => {
    expect(payloadOf(v4(udp(payload), { protocol }))).toBe('not-transport');
  });
});

describe('IPv6', () => {
  test.each([
    ['hop-by-hop', v6(extension(UDP, 0, udp(payload)), HOP)],
    ['a long hop-by-hop', v6(extension(UDP, 3, udp(payload)), HOP)],
    ['destination options', v6(extension(UDP, 1, udp(payload)), DESTINATION)],
    ['routing', v6(extension(UDP, 2, udp(payload)), ROUTING)],
    ['authentication', v6(authentication(UDP, udp(payload)), AH)],
    ['an atomic fragment (RFC 6946)', v6(fragmentHeader(UDP, 0, udp(payload)), FRAGMENT)],
    [
      'all of them',
      v6(
        extension(
          DESTINATION,
          0,
          extension(ROUTING, 1, extension(AH, 0, authentication(DESTINATION, extension(UDP, 0, udp(payload))))),
        ),
        HOP,
      ),
    ],
  ])('%s before UDP', (_, packet) => {
    expect(payloadOf(packet)).toBe('0123456789');
  });

  test('a first fragment is marked, a later one refused', () => {
    const first = decode(v6(fragmentHeader(UDP, 1, udp(payload, 1, 2, 1000)), FRAGMENT));
    expect([first.fault, first.view.partial]).toEqual([undefined, true]);
    expect(payloadOf(v6(fragmentHeader(UDP, 8, udp(payload)), FRAGMENT))).toBe('fragment');
    expect(payloadOf(v6(fragmentHeader(UDP, 0xfff9, udp(payload)), FRAGMENT))).toBe('fragment');
    expect(decode(v6(udp(payload))).view.partial).toBe(false);
  });

  const chainOf = (length: number): Uint8Array => {
    let rest = udp(payload);
    for (let index = 0; index < length; index += 1) rest = extension(index === 0 ? UDP : DESTINATION, 0, rest);
    return v6(rest, length === 0 ? UDP : DESTINATION);
  };

  test('eight headers are read, a chain of nine is refused', () => {
    expect(payloadOf(chainOf(7))).toBe('0123456789');
    expect(payloadOf(chainOf(8))).toBe('0123456789');
    expect(payloadOf(chainOf(9))).toBe('bad-header');
    expect(payloadOf(chainOf(100))).toBe('bad-header');
  });

  test('a header that claims more than the packet holds is truncated', () => {
    const lying = v6(join(Uint8Array.of(UDP, 255), new Uint8Array(6), udp(payload)), HOP);
    expect(payloadOf(lying)).toBe('truncated');
    expect(payloadOf(v6(hex('1100'), HOP))).toBe('truncated');
    expect(payloadOf(v6(new Uint8Array(0), FRAGMENT))).toBe('truncated');
  });

  test('the payload length rules: what is beyond is padding, what is missing is truncated', () => {
    expect(payloadOf(v6(udp(payload), UDP, 17))).toBe('truncated');
    expect(payloadOf(v6(udp(payload), UDP, 19))).toBe('truncated');
    expect(payloadOf(v6(udp(payload), UDP, 0))).toBe('truncated');
    expect(payloadOf(join(v6(udp(payload)), hex('ffff')))).toBe('0123456789');
  });

  test.each([
    ['no next header', 59],
    ['ICMPv6', 58],
    ['ESP', ESP],
    ['IPv4 in IPv6', 4],
  ])('%s is not for us', (_, next) => {
    expect(payloadOf(v6(udp(payload), next))).toBe('not-transport');
  });
});

describe('UDP', () => {
  test('its own length rules', () => {
    expect(payloadOf(v4(udp(payload, 1, 2, 13)))).toBe('01234');
    expect(payloadOf(v4(udp(payload, 1, 2, 8)))).toBe('');
    expect(payloadOf(v4(udp(payload, 1, 2, 19)))).toBe('truncated');
    for (const length of [0, 7]) expect(payloadOf(v4(udp(payload, 1, 2, length)))).toBe('bad-header');
  });

  test('ports and no flags', () => {
    const { view } = decode(v4(udp(payload, 0, 65_535)));
    expect([view.sourcePort, view.destinationPort, view.tcpFlags, view.protocol]).toEqual([0, 65_535, 0, UDP]);
  });
});

describe('TCP', () => {
  test('flags, ports, options, payload', () => {
    const { view, fault } = decode(v6(tcp(payload, 0x12, 1234, 22, 3), TCP));
    expect(fault).toBeUndefined();
    expect([view.sourcePort, view.destinationPort, view.tcpFlags, view.protocol]).toEqual([1234, 22, 0x12, TCP]);
    expect(toHex(view.payload())).toBe(toHex(payload));
  });

  test('a data offset below 5 is a bad header, one beyond the packet is truncated', () => {
    const packet = v4(tcp(payload, 2), { protocol: TCP });
    for (const [words, verdict] of [
      [0, 'bad-header'],
      [4, 'bad-header'],
      [8, 'truncated'],
      [15, 'truncated'],
    ] as const) {
      packet[20 + 12] = words << 4;
      expect(payloadOf(packet)).toBe(verdict);
    }
  });
});

test('a frame may be the first part of a longer buffer', () => {
  const packet = v4(udp(payload));
  const buffer = join(packet, new Uint8Array(100).fill(0xff));
  for (let length = 0; length <= packet.length; length += 1) {
    const view = new PacketView();
    expect(decodeFrame('raw', buffer, view, length)).toBe(decode(packet.subarray(0, length)).fault);
  }
  const view = new PacketView();
  decodeFrame('raw', buffer, view, packet.length);
  expect(toHex(view.payload())).toBe(toHex(payload));
});

test('one view serves frame after frame: nothing of the one before is left', () => {
  const view = new PacketView();
  const frames = [
    v6(tcp(payload, 0x3f), TCP),
    v4(udp(ascii('x')), { fragment: 0x2000 }),
    v4(udp(payload)),
    v6(udp(ascii('yz'))),
  ];
  for (const frame of frames) {
    const fresh = new PacketView();
    expect(decodeFrame('raw', frame, view)).toBe(decodeFrame('raw', frame, fresh));
    expect([view.source(), view.destination(), view.payload()]).toEqual([
      fresh.source(),
      fresh.destination(),
      fresh.payload(),
    ]);
    expect([view.partial, view.tcpFlags, view.family]).toEqual([fresh.partial, fresh.tcpFlags, fresh.family]);
  }
});
