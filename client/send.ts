/** The UDP socket that packets go out of, and answers come to. */
import { createSocket, type Socket, type SocketOptions } from 'node:dgram';
import { systemCode } from '../keys/trouble.ts';
import type { HostAddress, UdpRoute } from './io.ts';

/**
 * A socket connected to `to`: the kernel has chosen the route and with it this host's address, and has sent nothing.
 * Rejects with the error of the operating system (ENETUNREACH).
 */
export const openRoute = async (to: HostAddress, port: number): Promise<UdpRoute> => {
  // An address is looked up already, and node:dns need not be loaded to find that out.
  const lookup: SocketOptions['lookup'] = (address, _options, done) => done(null, address, to.family);
  const socket = createSocket({ type: to.family === 4 ? 'udp4' : 'udp6', lookup });
  let refused = false;
  try {
    await connect(socket, to.address, port);
  } catch (error) {
    socket.close();
    throw error;
  }
  // Comes up after a datagram was sent, from an ICMP answer. Where spad only listens in on the port that is how it should be.
  socket.on('error', (error) => {
    if (systemCode(error) !== 'ECONNREFUSED') throw error;
    refused = true;
  });
  return {
    localAddress: socket.address().address,
    send: async (datagram) => {
      try {
        await send(socket, datagram);
      } catch (error) {
        // The ICMP answer to the datagram before, which the system tells of in place of sending this one.
        if (systemCode(error) !== 'ECONNREFUSED') throw error;
        refused = true;
        await send(socket, datagram);
      }
    },
    listen: (hear) => void socket.on('message', hear),
    wasRefused: () => refused,
    close: () => socket.close(),
  };
};

/** By events, for a callback would be called on failure too, and the type says otherwise. */
const connect = (socket: Socket, address: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve();
    });
    socket.connect(port, address);
  });

const send = (socket: Socket, datagram: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.send(datagram, (error) => (error === null ? resolve() : reject(error)));
  });
