/**
 * `node udp-peer.js ADDRESS PORT`: one socket that sends each line of standard input, bytes in hexadecimal, and prints what
 * comes, "ADDRESS PORT HEX" a line, from whoever sends it.
 */
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { createInterface } from 'node:readline';

const [address = '', port = ''] = process.argv.slice(2);
const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
socket.on('message', (bytes, from) =>
  process.stdout.write(`${from.address} ${String(from.port)} ${bytes.toString('hex')}\n`),
);
socket.bind(0, () => process.stdout.write('ready\n'));
createInterface({ input: process.stdin }).on('line', (line) => {
  // "ADDRESS HEX" sends elsewhere.
  const [hex = '', other] = line.split(' ').reverse();
  socket.send(Buffer.from(hex, 'hex'), Number(port), other ?? address);
});
