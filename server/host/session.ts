/** The connection of SSH that this program was started over, where there is one. */
import { formatAddress, parseAddress } from '../../src/base/address.ts';
import type { Session } from '../../src/host/facts.ts';
import type { SocketEntry } from '../../src/host/proc-net.ts';
import { readText } from './sockets.ts';

/** A chain of parents longer than this is none. */
const MAX_CLIMB = 64;

/**
 * sshd puts it into the environment; sudo takes it out of ours, and leaves it in that of a parent. What a terminal
 * multiplexer has kept of an earlier login is no connection any more, and is not taken.
 */
export const findSession = (env: NodeJS.ProcessEnv, sockets: readonly SocketEntry[]): Session | undefined => {
  for (const text of climb(env)) {
    const session = parseSession(text);
    if (session !== undefined && sockets.some((socket) => isOf(session, socket))) return session;
  }
  return undefined;
};

function* climb(env: NodeJS.ProcessEnv): Generator<string> {
  if (env['SSH_CONNECTION'] !== undefined) yield env['SSH_CONNECTION'];
  let pid = process.ppid;
  for (let height = 0; height < MAX_CLIMB && pid > 1; height += 1) {
    const entry = readText(`/proc/${String(pid)}/environ`)
      .split('\0')
      .find((line) => line.startsWith('SSH_CONNECTION='));
    if (entry !== undefined) yield entry.slice('SSH_CONNECTION='.length);
    pid = Number(/^PPid:\s*([0-9]+)$/m.exec(readText(`/proc/${String(pid)}/status`))?.[1] ?? 0);
  }
}

/** `ADDRESS PORT ADDRESS PORT`: the client's, then this host's (ssh(1)). */
const parseSession = (text: string): Session | undefined => {
  const [from, fromPort, to, toPort] = text.trim().split(' ');
  const [client, own] = [from, to].map((word) => parseAddress((word ?? '').replace(/%.*$/, '')));
  if (client === undefined || own === undefined) return undefined;
  return { from: client, fromPort: Number(fromPort), to: own, toPort: Number(toPort) };
};

const isOf = ({ from, fromPort, to, toPort }: Session, socket: SocketEntry): boolean =>
  socket.protocol === 'tcp' &&
  socket.isEstablished &&
  socket.port === toPort &&
  socket.remotePort === fromPort &&
  formatAddress(socket.remote) === formatAddress(from) &&
  formatAddress(socket.address) === formatAddress(to);
