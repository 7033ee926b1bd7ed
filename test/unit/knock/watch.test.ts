import { describe, expect, test } from 'vitest';
import { addressKey } from '../../../src/base/address-key.ts';
import { Sight, knockFilter, watchesOf } from '../../../src/knock/watch.ts';
import { address, doorsOf, LOCAL, SERVER, SERVER6 } from './doors.ts';

const filterOf = (conf: string, families: readonly (4 | 6)[] = [4, 6]): string | undefined =>
  knockFilter(watchesOf(doorsOf(conf)), LOCAL, families);

describe('the kernel filter', () => {
  test('has ports, protocols, flags and destinations of the doors', () => {
    expect(filterOf('[a]\nsequence = 7000,7001,9000:udp\ntcpflags = syn,!ack\n[b]\nsequence = 7:udp', [4])).toBe(
      '((dst host 10.99.0.1) and (tcp and (dst portrange 7000-7001) and (tcp[13] & 18 = 2)))' +
        ' or ((dst host 10.99.0.1) and (udp and (dst port 7 or dst port 9000)))',
    );
  });

  test('for IPv6 lets extension headers through, behind which it cannot look', () => {
    expect(filterOf('[a]\nsequence = 7000\ntcpflags = syn\ntarget = FD99:0::77')).toBe(
      '((dst host fd99::77) and ((tcp and (dst port 7000) and (ip6[53] & 2 = 2))' +
        ' or (ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 44 or ip6[6] = 51 or ip6[6] = 60)))',
    );
  });

  test('on all interfaces takes forwarded packets once', () => {
    const watches = watchesOf(doorsOf('[a]\nsequence = 7'));
    expect(knockFilter(watches, LOCAL, [4], 'any')).toBe(
      'inbound and (((dst host 10.99.0.1) and (tcp and (dst port 7))))',
    );
  });

  test('is none where nothing can be seen', () => {
    expect(filterOf('')).toBeUndefined();
    expect(filterOf('[a]\nsequence = 1\ntarget = fd99::77', [4])).toBeUndefined();
    expect(filterOf('[a]\nsequence = 1\ntarget = host.example')).toBeUndefined();
    expect(knockFilter(watchesOf(doorsOf('[a]\nsequence = 1')), [], [4, 6])).toBeUndefined();
  });

  test('never holds the text of a target', () => {
    expect(filterOf('[a]\nsequence = 1\ntarget = 10.0.0.1 or tcp')).toBeUndefined();
  });
});

describe('sight', () => {
  const sight = (conf: string): Sight => new Sight(watchesOf(doorsOf(conf)), LOCAL);
  const seen = (port: number, protocol: 'tcp' | 'udp' = 'tcp', to = SERVER, tcpFlags = 2) => ({
    ...{ port, protocol, tcpFlags },
    destination: addressKey(address(to)),
  });

  test('is what knockd’s filter is', () => {
    const doors = sight('[a]\nsequence = 7000,9000:udp\ntcpflags = syn');
    expect(doors.sees(seen(7000))).toBe('door');
    expect(doors.sees(seen(7000, 'tcp', SERVER6))).toBe('door');
    expect(doors.sees(seen(9000, 'udp', SERVER, 0))).toBe('door');
    for (const packet of [seen(7000, 'udp'), seen(9000), seen(7001), seen(7000, 'tcp', '10.99.0.9')])
      expect(doors.sees(packet)).toBe('nothing');
    expect(doors.sees(seen(7000, 'tcp', SERVER, 16))).toBe('nothing');
  });

  test('of a strict door goes further', () => {
    const doors = new Sight(
      watchesOf(doorsOf('[a]\nsequence = 7000').map((door) => ({ ...door, strict: true }))),
      LOCAL,
    );
    expect(doors.sees(seen(7000))).toBe('door');
    expect(doors.sees(seen(1, 'udp'))).toBe('foreign');
  });
});
