import { connect, type Socket } from 'node:net';
import { systemCode } from '../keys/trouble.ts';
import type { HostAddress } from './io.ts';
import type { Attempt, Outcome } from './wait.ts';

/** An attempt that can be used as a connection once it is open. */
export interface Connection extends Attempt {
  readonly socket: Socket;
}

/** Begins a TCP connection that is given up after `timeoutMs`, until it is open. Each side ends what it sends by itself. */
export const connectOnce = (to: HostAddress, port: number, timeoutMs: number): Connection => {
  const socket: Socket = connect({ host: to.address, port, family: to.family, allowHalfOpen: true, noDelay: true });
  const outcome = new Promise<Outcome>((resolve) => {
    socket.setTimeout(timeoutMs, () => resolve('silent'));
    socket.once('connect', () => {
      socket.setTimeout(0);
      resolve('open');
    });
    socket.on('error', (error) => resolve(systemCode(error) === 'ECONNREFUSED' ? 'refused' : 'silent'));
  });
  return { outcome, socket, destroy: () => socket.destroy() };
};
