import { expect, test } from 'vitest';
import { parseSocketTable } from '../../../src/host/proc-net.ts';
import { ip } from '../values.ts';

const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const line = (local: string, remote: string, state: string): string =>
  `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0\n`;

// Lines of Linux 6 on a little-endian machine.
test('sockets of TCP', () => {
  const text = HEAD + line('0100007F:0016', '00000000:0000', '0A') + line('010200C0:0016', '076433C6:C350', '01');
  expect(parseSocketTable(text, 'tcp', 4)).toMatchObject([
    { address: ip('127.0.0.1'), port: 22, waits: true, isEstablished: false, inode: '4711' },
    { address: ip('192.0.2.1'), remote: ip('198.51.100.7'), remotePort: 50_000, waits: false, isEstablished: true },
  ]);
});

test('sockets of IPv6 and UDP', () => {
  const text = HEAD + line('B80D0120000000000000000001000000:0035', '00000000000000000000000000000000:0000', '07');
  expect(parseSocketTable(text, 'udp', 6)).toMatchObject([{ address: ip('2001:db8::1'), port: 53, waits: true }]);
  expect(parseSocketTable(text, 'udp', 4)).toEqual([]);
});

test.each(['', 'x', `${HEAD}\n`, `${HEAD}  0: zz:00 1 2\n`])('%j has none', (text) => {
  expect(parseSocketTable(text, 'tcp', 4)).toEqual([]);
});
