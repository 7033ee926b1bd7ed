/** Receiving on an ordinary UDP socket: no libpcap and no privilege, but something listens. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { formatAddress, parseAddress } from '../../src/base/address.ts';
import { port as portOf, type Port, unixMs } from '../../src/base/units.ts';
import { ReplyOrderReader } from '../../src/engine/reply-order.ts';
import type { GateLoop } from './gate-loop.ts';
import type { Capture } from './pcap-source.ts';

const RECEIVE_BUFFER = 4 * 1024 * 1024;

/**
 * Binds the port for IPv4 and IPv6; a host without IPv6 does with IPv4. Throws the system's error. Replies are sent from
 * there, as `orders` has it (src/engine/reply-order.ts).
 */
export const openUdp = async (port: Port, loop: GateLoop, orders: Readable): Promise<Capture> => {
  const sockets = [await bind(createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER }), port)];
  try {
    sockets.push(await bind(createSocket({ type: 'udp6', ipv6Only: true, recvBufferSize: RECEIVE_BUFFER }), port));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EAFNOSUPPORT')) throw error;
  }
  sendReplies(sockets, orders);
  return {
    description: `the UDP socket ${String(port)}`,
    start: () => {
      for (const socket of sockets) {
        socket.on('message', (message, sender) => {
          // A link-local sender carries its interface after a percent sign.
          const source = parseAddress(sender.address.replace(/%.*$/, ''));
          if (source !== undefined) loop.datagram(message, source, unixMs(Date.now()), portOf(sender.port));
        });
      }
    },
    countDrops: () => undefined,
  };
};

/** What the authorizer has us send. Its end, or what is no order, is the end of the reading. */
const sendReplies = (sockets: readonly Socket[], orders: Readable): void => {
  const reader = new ReplyOrderReader();
  const onData = (chunk: Buffer): void => {
    const told = reader.push(chunk);
    if (told === undefined) orders.off('data', onData);
    for (const { to, port, datagram } of told ?? []) {
      const socket = sockets[to.family === 4 ? 0 : 1];
      socket?.send(datagram, port, formatAddress(to), () => undefined);
    }
  };
  orders.on('data', onData);
};

const bind = async (socket: Socket, port: Port): Promise<Socket> => {
  socket.bind(port);
  await once(socket, 'listening');
  return socket;
};
