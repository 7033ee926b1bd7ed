/**
 * Sends each line of its standard input, hexadecimal, as one datagram, in order:
 * `node udp-send-many.js ADDRESS PORT [PAUSE [BURST]]` rests for PAUSE milliseconds after every 64,
 * or BURST.
 */
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { text } from 'node:stream/consumers';

const [address = '', port = '', pause = '0', burst = '64'] = process.argv.slice(2);
const datagrams = (await text(process.stdin)).split('\n').slice(0, -1);
const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');

function send(index: number): void {
  const datagram = datagrams[index];
  if (datagram === undefined) return void socket.close();
  socket.send(Buffer.from(datagram, 'hex'), Number(port), address, (error) => {
    // An ICMP refusal of an earlier one is no reason not to send the next.
    if (error !== null && (error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw error;
    if (Number(pause) > 0 && (index + 1) % Number(burst) === 0) setTimeout(send, Number(pause), index + 1);
    else send(index + 1);
  });
}

send(0);
