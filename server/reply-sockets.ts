/**
 * Sends replies from the SPA port where packets are sniffed and nothing listens. Each client gets a socket that is connected
 * to it, so that the kernel takes datagrams from nobody else for it, and that is kept as long as connection tracking takes
 * what that client sends next for an answer to ours, which lets it past the guard: without a socket the kernel would say then
 * that nobody is there. What comes is never read.
 */
import { createSocket, type Socket, type SocketOptions } from 'node:dgram';
import { formatAddress, type IpAddress } from '../src/base/address.ts';
import type { Port } from '../src/base/units.ts';
import type { ReplyOrder } from '../src/engine/reply-order.ts';

/** Linux: nf_conntrack_udp_timeout_stream is 120 s; counted from the last reply, and on the safe side. */
const KEPT_MS = 180_000;
/** The oldest is closed for one more. */
const MAX_KEPT = 256;
/** The least that the kernel gives: what comes is thrown away. */
const RECEIVE_BUFFER = 2304;

interface Kept {
  readonly socket: Socket;
  readonly timer: NodeJS.Timeout;
}

export class ReplySockets {
  readonly #kept = new Map<string, Kept>();
  #opening = 0;
  readonly #onFailure: (error: Error) => void;

  constructor(onFailure: (error: Error) => void) {
    this.#onFailure = onFailure;
  }

  /** From `at`, or from the address that the kernel takes where that is unknown or not this host's own. Does not wait. */
  send(order: ReplyOrder, at: IpAddress | undefined, spaPort: Port): void {
    const own = at && formatAddress(at);
    const name = `${formatAddress(order.to)} ${String(order.port)} ${own ?? ''} ${String(spaPort)}`;
    const kept = this.#kept.get(name);
    if (kept !== undefined) {
      kept.timer.refresh();
      transmit(kept.socket, order.datagram, this.#onFailure);
      return;
    }
    if (this.#opening >= MAX_KEPT) {
      this.#onFailure(new Error('too many clients ask at once'));
      return;
    }
    this.#opening += 1;
    connectTo({ ...order, own, spaPort })
      .then((socket) => {
        this.#keep(name, socket);
        transmit(socket, order.datagram, this.#onFailure);
      })
      .catch((error: unknown) => this.#onFailure(error instanceof Error ? error : new Error(String(error))))
      .finally(() => {
        this.#opening -= 1;
      });
  }

  close(): void {
    for (const name of [...this.#kept.keys()]) this.#drop(name);
  }

  #keep(name: string, socket: Socket): void {
    this.#drop(name);
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined && this.#kept.size >= MAX_KEPT) this.#drop(oldest);
    const timer = setTimeout(() => this.#drop(name), KEPT_MS).unref();
    this.#kept.set(name, { socket, timer });
  }

  #drop(name: string): void {
    const kept = this.#kept.get(name);
    if (kept === undefined) return;
    this.#kept.delete(name);
    clearTimeout(kept.timer);
    kept.socket.close();
  }
}

const transmit = (socket: Socket, datagram: Uint8Array, onFailure: (error: Error) => void): void =>
  socket.send(datagram, (error) => {
    if (error !== null) onFailure(error);
  });

interface Ends extends Pick<ReplyOrder, 'to' | 'port'> {
  /** Undefined: as the kernel chooses. */
  readonly own: string | undefined;
  readonly spaPort: Port;
}

const connectTo = async (ends: Ends): Promise<Socket> => {
  try {
    return await open(ends);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRNOTAVAIL')) throw error;
    return open({ ...ends, own: undefined });
  }
};

/** A link-local address would need an interface beside it; such a client is not answered (EINVAL). */
const open = ({ own, spaPort, to, port }: Ends): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const { family } = to;
    const lookup: SocketOptions['lookup'] = (name, _options, done) => done(null, name, family);
    const socket = createSocket({ type: family === 4 ? 'udp4' : 'udp6', reuseAddr: true, lookup }).unref();
    const fail = (error: Error): void => {
      socket.close();
      reject(error);
    };
    socket.once('error', fail);
    socket.bind({ port: spaPort, ...(own === undefined ? {} : { address: own }) }, () => {
      socket.connect(port, formatAddress(to), () => {
        socket.off('error', fail);
        // An ICMP error from a client that has gone is nobody's trouble.
        socket.on('error', () => undefined);
        socket.setRecvBufferSize(RECEIVE_BUFFER);
        resolve(socket);
      });
    });
  });
