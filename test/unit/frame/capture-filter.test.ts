import { describe, expect, test } from 'vitest';
import { captureFilter, isHardwareAddress, textCaptureFilter } from '../../../src/frame/capture-filter.ts';
import { portOf, specs } from '../values.ts';

// pcap-filter(7); RFC 768: the length field stands at offset 4 and counts the header's 8 bytes.
test('port and lengths, for both families', () => {
  expect(captureFilter(portOf(62_201), [176, 432], { by: 'nothing' })).toBe(
    'udp dst port 62201 and ((ip and (udp[4:2] = 184 or udp[4:2] = 440)) or (ip6 and (ip6[44:2] = 184 or ip6[44:2] = 440)))',
  );
});

describe('for texts', () => {
  const filter = (ports: string, icmp = false): string =>
    textCaptureFilter({ ports: specs(ports), icmp, least: 140, most: 1500 }, { by: 'nothing' });

  test('datagrams of any length within bounds', () => {
    expect(filter('udp/62201')).toBe(
      '((udp and (dst port 62201) and ((ip and udp[4:2] >= 148 and udp[4:2] <= 1508) or (ip6 and ip6[44:2] >= 148 and ip6[44:2] <= 1508))))',
    );
  });

  test('several ports, and ranges of them', () => {
    expect(filter('udp/62201 udp/10000-65535')).toContain(
      '(udp and (dst port 62201 or dst portrange 10000-65535) and (',
    );
  });

  // RFC 791 and RFC 9293: the total length, less both headers' lengths, which are counted in words.
  test('segments that have data', () => {
    expect(filter('tcp/80')).toBe(
      '((tcp and (dst port 80) and ((ip and (ip[2:2] - ((ip[0] & 0xf) << 2) - ((tcp[12] & 0xf0) >> 2)) >= 140) or (ip6 and (ip6[4:2] - ((ip6[52] & 0xf0) >> 2)) >= 140))))',
    );
  });

  test('ICMP of both families', () => {
    expect(filter('', true)).toBe(
      '((icmp and (ip[2:2] - ((ip[0] & 0xf) << 2)) >= 148 and (ip[2:2] - ((ip[0] & 0xf) << 2)) <= 1508) or (icmp6 and ip6[4:2] >= 148 and ip6[4:2] <= 1508))',
    );
  });
});

describe("this host's own frames", () => {
  test('are told by their direction on the device any', () => {
    expect(captureFilter(portOf(1), [176], { by: 'direction' })).toMatch(/^inbound and udp dst port 1 and /);
  });

  test('are told by their source elsewhere, for a new capture knows no direction', () => {
    const filter = captureFilter(portOf(1), [176], { by: 'address', mac: '02:00:00:00:00:01' });
    expect(filter).toMatch(/^not ether src 02:00:00:00:00:01 and udp dst port 1 and /);
    expect(filter).not.toContain('inbound');
  });
});

test.each([
  ['02:42:ac:11:00:02', true],
  ['00:00:00:00:00:00', false],
  ['', false],
  ['0.0.0.0', false],
  ['80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03:00:0f:49:81', false],
  ['02:42:ac:11:00:02 or ip', false],
])('%j is an Ethernet address: %s', (text, expected) => {
  expect(isHardwareAddress(text)).toBe(expected);
});
