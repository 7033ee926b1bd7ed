/** The service behind the guarded ports: `node echo.js FIRST LAST` sends every datagram back. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const [first = 0, last = -1] = process.argv.slice(2).map(Number);
for (let port = first; port <= last; port++) {
  const socket = createSocket('udp4');
  socket.on('message', (message, from) => {
    socket.send(message, from.port, from.address);
  });
  socket.bind(port);
  await once(socket, 'listening');
}
process.stdout.write('listening\n');
