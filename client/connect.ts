import { connect, type Socket } from 'node:net';
import { systemCode } from '../keys/trouble.ts';
import type { HostAddress } from './io.ts';
import type { Attempt, Outcome } from './wait.ts';

/** Begins a TCP connection that is given up after `timeoutMs`. */
export const connectOnce = (to: HostAddress, port: number, timeoutMs: number): Attempt => {
  const socket: Socket = connect({ host: to.address, port, family: to.family });
  const outcome = new Promise<Outcome>((resolve) => {
    socket.setTimeout(timeoutMs, () => resolve('silent'));
    socket.once('connect', () => resolve('open'));
    socket.on('error', (error) => resolve(systemCode(error) === 'ECONNREFUSED' ? 'refused' : 'silent'));
  });
  return { outcome, destroy: () => socket.destroy() };
};
