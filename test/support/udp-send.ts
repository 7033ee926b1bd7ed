/**
 * Sends its standard input as one datagram:
 * `node udp-send.js ADDRESS PORT [--from ADDRESS] [--from-port N] [--times N]`.
 */
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { from: { type: 'string' }, 'from-port': { type: 'string' }, times: { type: 'string', default: '1' } },
});
const [address = '', port = ''] = positionals;
const payload = await buffer(process.stdin);
const family = isIPv6(address) ? ('udp6' as const) : ('udp4' as const);
const socket = createSocket(family);

function send(times: number): void {
  if (times === 0) return void socket.close();
  socket.send(payload, Number(port), address, (error) => {
    // An ICMP refusal of an earlier copy is no reason not to send the next.
    if (error !== null && (error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw error;
    send(times - 1);
  });
}

const anywhere = family === 'udp6' ? '::' : '0.0.0.0';
socket.bind({ address: values.from ?? anywhere, port: Number(values['from-port'] ?? '0') }, () => {
  send(Number(values.times));
});
