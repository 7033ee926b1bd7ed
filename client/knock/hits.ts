/** One knock on the wire each. */
import { connect } from 'node:net';
import type { KnockAddress } from './io.ts';

/**
 * Sends one SYN: the connection is begun, and its socket closed before anything else happens. A closed socket sends
 * nothing again; where the port is open and the answer was quicker, the kernel ends the connection in good order.
 */
export const hitTcp = (to: KnockAddress, port: number): Promise<void> =>
  new Promise((resolve) => {
    const socket = connect({ host: to.address, port, family: to.family });
    socket.on('error', () => undefined);
    socket.once('close', () => resolve());
    // For an address, node:net queued its call of connect(2) just now, so that this comes right behind it.
    process.nextTick(() => socket.destroy());
  });

/** Sends one datagram of one zero byte. */
export const hitUdp = async (to: KnockAddress, port: number): Promise<void> => {
  // The kernel refuses UDP to port 0, and node:dgram throws; knock does not care.
  if (port === 0) return;
  const { createSocket } = await import('node:dgram');
  const socket = createSocket(to.family === 4 ? 'udp4' : 'udp6');
  await new Promise<void>((resolve) => {
    socket.on('error', () => resolve());
    socket.send(new Uint8Array(1), port, to.address, () => resolve());
  });
  socket.close();
};
