import { describe, expect, test } from 'vitest';
import { formatAddress } from '../../../src/base/address.ts';
import type { LinkType } from '../../../src/frame/link.ts';
import { decodeFrame } from '../../../src/frame/packet.ts';
import { PacketView } from '../../../src/frame/packet-view.ts';
import { ascii, hex } from '../values.ts';
import { ethernet, join, LINK_TYPES, nflog, onLink, sll, sll2, tcp, udp, v4, v6, vlan } from './frames.ts';

const payload = ascii('knock knock');

/** What a decoder must find, or the fault. */
const decode = (link: LinkType, frame: Uint8Array): string => {
  const view = new PacketView();
  const fault = decodeFrame(link, frame, view);
  if (fault !== undefined) return fault;
  const text = Buffer.from(view.payload()).toString('latin1');
  return `${formatAddress(view.source())}:${String(view.sourcePort)} > ${formatAddress(view.destination())}:${String(view.destinationPort)} ${text}`;
};

const V4 = '192.0.2.1:40000 > 198.51.100.7:62201 knock knock';
const V6 = '2001:db8::1:40000 > 2001:db8::7:62201 knock knock';

describe.each(LINK_TYPES)('%s', (link) => {
  test('IPv4 and IPv6', () => {
    expect(decode(link, onLink[link](v4(udp(payload))))).toBe(V4);
    expect(decode(link, onLink[link](v6(udp(payload))))).toBe(V6);
  });

  test('padding after the packet is not payload', () => {
    const padding = new Uint8Array(18).fill(0xee);
    if (link === 'nflog') return;
    expect(decode(link, join(onLink[link](v4(udp(payload))), padding))).toBe(V4);
    expect(decode(link, join(onLink[link](v6(udp(payload))), padding))).toBe(V6);
  });

  test('cut short anywhere, it is truncated', () => {
    for (const packet of [v4(udp(payload)), v6(udp(payload)), v4(tcp(payload, 2), { protocol: 6 })]) {
      const frame = onLink[link](packet);
      const end = link === 'nflog' ? frame.length - ((4 - (packet.length % 4)) % 4) : frame.length;
      for (let length = 0; length < end; length += 1)
        expect(decode(link, frame.subarray(0, length)), String(length)).toBe('truncated');
    }
  });

  test('what is neither IPv4 nor IPv6', () => {
    const strange = v4(udp(payload));
    strange[0] = 0x55;
    expect(decode(link, onLink[link](strange))).toBe('not-ip');
  });
});

describe('ethernet', () => {
  test('one VLAN tag, or two, of each kind', () => {
    for (const tpid of [0x8100, 0x88a8, 0x9100]) expect(decode('ethernet', vlan(tpid, v4(udp(payload))))).toBe(V4);
    const inner = join(hex('8100 0064 86dd'), v6(udp(payload)));
    expect(decode('ethernet', join(hex('020000000001 020000000002 88a8 0064'), inner))).toBe(V6);
  });

  test('a third tag is one too many', () => {
    const inner = join(hex('8100 0064 8100 0064 0800'), v4(udp(payload)));
    expect(decode('ethernet', join(hex('020000000001 020000000002 88a8 0064'), inner))).toBe('not-ip');
  });

  test('a tag cut short', () => {
    const frame = vlan(0x8100, v4(udp(payload)));
    for (const length of [14, 15, 16, 17]) expect(decode('ethernet', frame.subarray(0, length))).toBe('truncated');
  });

  test.each([
    ['ARP', 0x0806],
    ['an 802.3 length', 0x002e],
    ['PPPoE', 0x8864],
    ['MPLS', 0x8847],
  ])('%s', (_, type) => {
    expect(decode('ethernet', ethernet(v4(udp(payload)), type))).toBe('not-ip');
  });
});

describe('cooked captures', () => {
  // linux/if_packet.h: host 0, broadcast 1, multicast 2, other host 3, outgoing 4.
  test.each([
    [0, V4],
    [1, V4],
    [2, V4],
    [3, V4],
    [4, 'outbound'],
  ])('packet type %d: %s', (type, verdict) => {
    expect(decode('linux-sll', sll(v4(udp(payload)), type))).toBe(verdict);
    expect(decode('linux-sll2', sll2(v4(udp(payload)), type))).toBe(verdict);
  });

  test('ARP is not IP', () => {
    expect(decode('linux-sll', sll(v4(udp(payload)), 0, 0x0806))).toBe('not-ip');
    expect(decode('linux-sll2', sll2(v4(udp(payload)), 0, 0x0806))).toBe('not-ip');
  });

  test('a VLAN tag inside', () => {
    const tagged = join(hex('0064 0800'), v4(udp(payload)));
    expect(decode('linux-sll', sll(tagged, 0, 0x8100))).toBe(V4);
    expect(decode('linux-sll2', sll2(tagged, 0, 0x8100))).toBe(V4);
  });
});

describe('nflog', () => {
  test('the payload attribute is found behind others, wherever it stands', () => {
    expect(decode('nflog', nflog(v4(udp(payload))))).toBe(V4);
    expect(decode('nflog', join(hex('02000001'), nflog(v4(udp(payload))).subarray(24)))).toBe(V4);
  });

  test('no payload attribute', () => {
    expect(decode('nflog', hex('02000001 0800 0100 0800 0000'))).toBe('truncated');
  });

  test.each([
    ['of length 0, which would never end', '0000 0100'],
    ['of length 3, shorter than itself', '0300 0900'],
    ['that runs past the frame', 'ff00 0900 45'],
  ])('an attribute %s', (_, attribute) => {
    expect(decode('nflog', hex(`02000001 ${attribute}`))).toBe('truncated');
  });
});
