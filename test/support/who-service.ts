/**
 * Says who is asking: `node who-service.js NAME PORT...` listens on both families, by TCP and UDP, and answers each
 * connection and each datagram with "NAME:PORT sees ADDRESS"; a TCP connection is then echoed. Prints "ready" once it does.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

const [name = '', ...ports] = process.argv.slice(2);

const answer = (port: number, address: string): string => `${name}:${port} sees ${address.replace(/^::ffff:/, '')}\n`;

async function serve(port: number): Promise<void> {
  const server = createServer((socket: Socket) => {
    socket.on('error', () => socket.destroy());
    socket.write(answer(port, socket.remoteAddress ?? ''));
    socket.pipe(socket);
  });
  server.listen(port, '::');
  await once(server, 'listening');
  const datagrams = createSocket('udp6');
  datagrams.on('message', (_, from) => datagrams.send(answer(port, from.address), from.port, from.address));
  datagrams.bind(port, '::');
  await once(datagrams, 'listening');
}

await Promise.all(ports.map((port) => serve(Number(port))));
process.stdout.write('ready\n');
