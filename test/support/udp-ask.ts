/** `node udp-ask.js ADDRESS PORT MS`: sends one datagram and prints the answer, or "silent" after so many milliseconds. */
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';

const [address = '', port = '', patience = ''] = process.argv.slice(2);
const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
const finish = (text: string): void => {
  process.stdout.write(`${text.trimEnd()}\n`, () => process.exit(0));
};
socket.on('message', (bytes) => finish(bytes.toString('utf8')));
socket.send('who', Number(port), address);
setTimeout(() => finish('silent'), Number(patience));
