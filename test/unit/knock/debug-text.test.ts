/** What knockd 0.8 prints with --debug; the flag names are those of pcap-filter(7). */
import { describe, expect, test } from 'vitest';
import { filterLines, linkLine } from '../../../src/knock/debug-text.ts';
import { address, doorsOf, LOCAL } from './doors.ts';

const conf = (options: string): string => `[door]\nsequence = 7000,8000:udp,9000:tcp\n${options}\n`;

describe('the filter of a door', () => {
  test('names the ports of each protocol, for each family that the host has', () => {
    const expression = '((tcp dst port 7000 or 9000)) or (udp dst port 8000)';
    expect(filterLines(doorsOf(conf('')), LOCAL)).toEqual([
      `adding pcap expression for door 'door': ((dst host 10.99.0.1) and (${expression}))`,
      `adding pcap expression for door 'door': ((dst host fd99::1) and (${expression}))`,
    ]);
  });

  test('is not made for a family without an address', () => {
    expect(filterLines(doorsOf(conf('')), [address('10.99.0.1')])).toHaveLength(1);
    expect(filterLines(doorsOf(conf('')), [])).toEqual([]);
  });

  test('has the addresses of the host, the last first', () => {
    const [line] = filterLines(doorsOf(conf('')), [address('10.99.0.1'), address('10.99.0.7')]);
    expect(line).toContain('(dst host 10.99.0.7 or dst host 10.99.0.1)');
  });

  test('has the target instead, where the door has one', () => {
    const [line] = filterLines(doorsOf(conf('target = 10.99.0.9')), LOCAL);
    expect(line).toContain('(dst host 10.99.0.9)');
  });

  test('asks for the flags that must be set, and those that must not', () => {
    const [four, six] = filterLines(doorsOf(conf('tcpflags = syn,!ack,psh')), LOCAL);
    expect(four).toContain('tcp[tcpflags] & tcp-syn != 0');
    expect(four).toContain('tcp[tcpflags] & tcp-ack == 0');
    expect(four).toContain('tcp[tcpflags] & tcp-push != 0');
    expect(four).not.toContain('tcp-fin');
    expect(six).toContain('ip6[13+40] & tcp-syn != 0');
  });

  test('has one half where all knocks are of one protocol', () => {
    const [udp] = filterLines(doorsOf('[door]\nsequence = 7000:udp,8000:udp\n'), LOCAL);
    expect(udp).toContain('and ((udp dst port 7000 or 8000)))');
    const [tcp] = filterLines(doorsOf('[door]\nsequence = 7000,8000\n'), LOCAL);
    expect(tcp).toContain('and (((tcp dst port 7000 or 8000))))');
  });
});

test.each([
  ['eth0 (ethernet)', 'ethernet interface detected'],
  ['tun0 (raw)', 'raw interface detected, no encapsulation'],
  ['any (linux-sll)', 'ppp interface detected (linux "cooked" encapsulation)'],
  ['any (linux-sll2)', 'ppp interface detected (linux "cooked" encapsulation)'],
])('the link layer of %s', (description, line) => {
  expect(linkLine(description)).toBe(line);
});
