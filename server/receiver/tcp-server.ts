/**
 * Takes TCP connections so that clients of fwknop's can send over them, and never sends a byte. Where packets are captured
 * the text is read off the wire, and a connection has done its duty with its first data; elsewhere it is read here.
 */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { parseAddress } from '../../src/base/address.ts';
import { type Port, unixMs } from '../../src/base/units.ts';
import { isHttpRequest } from '../../src/spa/fwknop/http.ts';
import type { TextLoop } from './text-loop.ts';

/** Connections at once. One more ends the oldest: whoever holds many open keeps nobody out. */
const MOST_CONNECTIONS = 64;
const LIFETIME_MS = 3000;
/** Bytes of one connection: a text, and a request around it. */
const MOST_BYTES = 4096;
const END_OF_REQUEST = '\r\n\r\n';

/**
 * Listens on `port` for IPv4 and IPv6; a host without IPv6 does with IPv4. Texts go to `reader`; without one nothing is
 * read. Throws the system's error.
 */
export const openTcp = async (port: Port, reader: TextLoop | undefined): Promise<void> => {
  const open = new Set<Socket>();
  const take = (socket: Socket): void => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => undefined);
    const timer = setTimeout(() => socket.destroy(), LIFETIME_MS);
    socket.on('close', () => clearTimeout(timer));
    if (reader === undefined) socket.on('data', () => socket.destroy());
    else gather(socket, reader);
    const [oldest] = open;
    if (open.size > MOST_CONNECTIONS) oldest?.destroy();
  };
  await listen(createServer(take), { port, host: '0.0.0.0' });
  try {
    await listen(createServer(take), { port, host: '::', ipv6Only: true });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'EAFNOSUPPORT' && code !== 'EADDRNOTAVAIL') throw error;
  }
};

/** A text ends where the client closes its side; a request may be waited on, and ends with its head. */
const gather = (socket: Socket, reader: TextLoop): void => {
  const source = parseAddress((socket.remoteAddress ?? '').replace(/%.*$/, ''));
  const destination = parseAddress((socket.localAddress ?? '').replace(/%.*$/, ''));
  let held = Buffer.alloc(0);
  const finish = (): void => {
    socket.removeAllListeners('data');
    socket.removeAllListeners('end');
    socket.destroy();
    const at = { destination, captured: unixMs(Date.now()) };
    if (source !== undefined && held.length > 0) reader.segment(held, { ...at, source });
  };
  socket.on('end', finish);
  socket.on('data', (chunk) => {
    held = Buffer.concat([held, chunk]);
    if (held.length > MOST_BYTES) socket.destroy();
    else if (isHttpRequest(held) && held.includes(END_OF_REQUEST)) finish();
  });
};

const listen = async (
  server: Server,
  options: { readonly port: Port; readonly host: string; readonly ipv6Only?: boolean },
): Promise<void> => {
  server.listen(options);
  await once(server, 'listening');
};
