import { describe, expect, test } from 'vitest';
import { formatAddress } from '../../../src/base/address.ts';
import {
  connectionKey,
  isLoopback,
  parseSockets,
  parseSshConnection,
  reversed,
} from '../../../src/control/connection.ts';
import { ip, present } from '../values.ts';

const shown = (text: string): string | undefined => {
  const connection = parseSshConnection(text);
  return connection && connectionKey(connection);
};

describe('SSH_CONNECTION', () => {
  test.each([
    ['10.0.0.1 50000 10.0.0.2 22', '10.0.0.1 50000 10.0.0.2 22'],
    ['fd00:0::1 50000 fd00::2 22', 'fd00::1 50000 fd00::2 22'],
    ['::ffff:10.0.0.1 50000 ::ffff:10.0.0.2 22', '10.0.0.1 50000 10.0.0.2 22'],
    ['fe80::1%eth0 50000 fe80::2%eth0 22', 'fe80::1 50000 fe80::2 22'],
  ])('%s', (text, key) => {
    expect(shown(text)).toBe(key);
  });

  test.each([
    ...['', '10.0.0.1 50000 10.0.0.2', '10.0.0.1 50000 10.0.0.2 22 x', 'UNKNOWN 0 UNKNOWN 0', '10.0.0.1 0 10.0.0.2 22'],
    ...['10.0.0.1 50000 host 22', '10.0.0.1  50000 10.0.0.2 22', '10.0.0.1 50000 10.0.0.2 65536'],
  ])('%j is none', (text) => {
    expect(shown(text)).toBeUndefined();
  });

  test('seen from the other end', () => {
    const connection = present(parseSshConnection('10.0.0.1 50000 10.0.0.2 22'));
    expect(connectionKey(reversed(connection))).toBe('10.0.0.2 22 10.0.0.1 50000');
    expect(reversed(reversed(connection))).toEqual(connection);
  });
});

/** Lines as the kernel of a little-endian machine writes them (proc(5)): 10.99.0.2, fd99::2 and their clients. */
const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0
   1: 0100007F:18EB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000000000000000 100 0 0 10 0
   2: 0200630A:0016 0100630A:C350 01 00000000:00000000 02:000A7D7C 00000000     0        0 4713 2 0000000000000000 20 4 29 10 -1
   3: 0200630A:0016 0100630A:C351 03 00000000:00000000 01:00000064 00000000     0        0 0 1 0000000000000000
   4: 0200630A:0016 0100630A:C352 06 00000000:00000000 03:00000F2E 00000000     0        0 0 3 0000000000000000
   5: 0200630A:0016 0100630A:0000 01 what is this
`;
const TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4714 1 0000000000000000 100 0 0 10 0
   1: 000099FD000000000000000002000000:0016 000099FD000000000000000001000000:C353 01 00000000:00000000 02:00 00000000     0        0 4715 2 0000000000000000 20 4 29 10 -1
   2: 0000000000000000FFFF00000200630A:0016 0000000000000000FFFF00000100630A:C354 01 00000000:00000000 02:00 00000000     0        0 4716 2 0000000000000000 20 4 29 10 -1
`;

test('the sockets of a host, by what they are', () => {
  const { established, passing, listening } = parseSockets(`${TCP}\n${TCP6}`);
  expect(established.map(connectionKey)).toEqual([
    '10.99.0.1 50000 10.99.0.2 22',
    'fd99::1 50003 fd99::2 22',
    '10.99.0.1 50004 10.99.0.2 22',
  ]);
  expect(passing.map(connectionKey)).toEqual(['10.99.0.1 50001 10.99.0.2 22', '10.99.0.1 50002 10.99.0.2 22']);
  expect(listening.map(({ address, port, inode }) => [formatAddress(address), port, inode])).toEqual([
    ['0.0.0.0', 22, 4711],
    ['127.0.0.1', 6379, 4712],
    ['::', 80, 4714],
  ]);
});

test('a list without a line', () => {
  expect(parseSockets('')).toEqual({ established: [], passing: [], listening: [] });
});

test.each([
  ['127.0.0.1', true],
  ['127.255.0.9', true],
  ['::1', true],
  ['::', false],
  ['::2', false],
  ['0.0.0.0', false],
  ['10.0.0.1', false],
])('%s is a loopback address: %s', (address, is) => {
  expect(isLoopback(ip(address))).toBe(is);
});
