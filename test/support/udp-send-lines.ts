/** `node udp-send-lines.js ADDRESS PORT`: sends each line of its standard input, hexadecimal, as one datagram when it comes. */
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { createInterface } from 'node:readline';

const [address = '', port = ''] = process.argv.slice(2);
const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
socket.connect(Number(port), address, () => {
  // An ICMP refusal of an earlier one is no reason not to send the next.
  socket.on('error', () => undefined);
  createInterface({ input: process.stdin }).on('line', (line) => socket.send(Buffer.from(line, 'hex')));
  process.stdin.on('end', () => socket.close());
});
