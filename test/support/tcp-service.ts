/**
 * A TCP service to knock for: `node tcp-service.js [--name-peer] PORT...` listens on both families, greets with
 * "hello from PORT" (with --name-peer "hello from PORT to ADDRESS"), echoes what it is sent, and prints
 * "listening on PORT" for each port once it does.
 */
import { createServer, type Socket } from 'node:net';

const words = process.argv.slice(2);
const namesPeer = words[0] === '--name-peer';

function serve(port: number): void {
  const server = createServer((socket: Socket) => {
    // A client that vanishes in the middle is everyday life for a service.
    socket.on('error', () => socket.destroy());
    const peer = socket.remoteAddress?.replace('::ffff:', '');
    socket.write(`hello from ${port}${namesPeer ? ` to ${peer}` : ''}\n`);
    socket.pipe(socket);
  });
  server.on('error', (error) => {
    process.stderr.write(`tcp-service: port ${port}: ${error.message}\n`);
    process.exit(1);
  });
  // Node keeps `::` dual stack unless told otherwise.
  server.listen(port, '::', () => process.stdout.write(`listening on ${port}\n`));
}

const ports = (namesPeer ? words.slice(1) : words).map(Number);
if (ports.length === 0 || ports.some((port) => !Number.isInteger(port) || port < 1 || port > 65_535)) {
  process.stderr.write('usage: tcp-service [--name-peer] PORT...\n');
  process.exit(2);
}
for (const port of ports) serve(port);
