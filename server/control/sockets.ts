/** The TCP sockets of our own network namespace, as the kernel lists them. */
import { readFileSync } from 'node:fs';
import { coversPorts, type PortSpec } from '../../src/base/port-spec.ts';
import { type Connection, isLoopback, parseSockets, type SocketTable } from '../../src/control/connection.ts';

/** Those that are established at these ports of ours. Throws the system's error. */
export const establishedAt = (ports: readonly PortSpec[]): readonly Connection[] =>
  readSockets().established.filter(
    ({ client, serverPort: port }) =>
      !isLoopback(client) && coversPorts(ports, { protocol: 'tcp', first: port, last: port }),
  );

/** Throws the system's error where there is no list. Without IPv6 there is none of it. */
export const readSockets = (): SocketTable => {
  const lists = [readFileSync('/proc/net/tcp', 'latin1')];
  try {
    lists.push(readFileSync('/proc/net/tcp6', 'latin1'));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  return parseSockets(lists.join('\n'));
};
