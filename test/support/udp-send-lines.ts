/** `node udp-send-lines.js ADDRESS PORT`: sends each line of its standard input, hexadecimal, as one datagram when it comes. */
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { createInterface } from 'node:readline';

const [address = '', port = ''] = process.argv.slice(2);
const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
socket.connect(Number(port), address, () => {
  socket.on('error', () => undefined);
  createInterface({ input: process.stdin }).on('line', (line) => {
    const datagram = Buffer.from(line, 'hex');
    // An ICMP refusal of an earlier one ends the next call in its place: once more, and it goes out.
    socket.send(datagram, (error) => error && socket.send(datagram));
  });
  process.stdin.on('end', () => socket.close());
});
