/**
 * TCP connections of this host: as an SSH session names its own, and as the kernel lists them. Which connection a command
 * is run through, and whether that one is there, is what `spad confirm` turns on.
 */
import { addressFromBytes, formatAddress, type IpAddress, parseAddress } from '../base/address.ts';
import { parsePort, type Port, port } from '../base/units.ts';
import { decodeHex } from '../bytes/encoding.ts';

/** Seen from this host: `server` is the local end. */
export interface Connection {
  readonly client: IpAddress;
  readonly clientPort: Port;
  readonly server: IpAddress;
  readonly serverPort: Port;
}

/** Equal for equal connections. */
export const connectionKey = ({ client, clientPort, server, serverPort }: Connection): string =>
  `${formatAddress(client)} ${String(clientPort)} ${formatAddress(server)} ${String(serverPort)}`;

/** The same connection seen from its other end. */
export const reversed = ({ client, clientPort, server, serverPort }: Connection): Connection => ({
  ...{ client: server, clientPort: serverPort, server: client, serverPort: clientPort },
});

/**
 * What sshd(8) puts into SSH_CONNECTION: client address, client port, server address, server port. A zone behind a
 * link-local address is dropped, as the kernel's list has none. Undefined where it is anything else.
 */
export const parseSshConnection = (text: string): Connection | undefined => {
  const words = text.split(' ');
  const [client, server] = [words[0], words[2]].map((word) => parseAddress((word ?? '').replace(/%.*$/, '')));
  const [clientPort, serverPort] = [words[1], words[3]].map((word) => parsePort(word ?? ''));
  if (words.length !== 4 || client === undefined || server === undefined) return undefined;
  if (clientPort === undefined || serverPort === undefined) return undefined;
  return { client, clientPort, server, serverPort };
};

/** The TCP sockets of a network namespace. */
export interface SocketTable {
  readonly established: readonly Connection[];
  /** Connections in any other state, be it before or after that. */
  readonly passing: readonly Connection[];
  readonly listening: readonly Listener[];
}

export interface Listener {
  readonly address: IpAddress;
  readonly port: Port;
  /** The number of the socket, by which /proc/PID/fd names it. */
  readonly inode: number;
}

/** include/net/tcp_states.h. */
const ESTABLISHED = '01';
const LISTEN = '0A';
/** Sockets of UDP without a peer stand in the state of closed ones. */
export const UDP_LISTEN = '07';

/**
 * Reads /proc/net/tcp and /proc/net/tcp6, one behind the other (proc(5)); lines that are none are passed over. The words of
 * an address are in the machine's byte order, which is taken to be little-endian: elsewhere no connection is found.
 * With {@link UDP_LISTEN} for `listen`: /proc/net/udp and its like.
 */
export const parseSockets = (text: string, listen = LISTEN): SocketTable => {
  const table = {
    established: new Array<Connection>(),
    passing: new Array<Connection>(),
    listening: new Array<Listener>(),
  };
  for (const line of text.split('\n')) {
    const [, local, remote, state, , , , , , inode] = line.trim().split(/\s+/);
    const [here, there] = [endOf(local ?? ''), endOf(remote ?? '')];
    if (here === undefined || there === undefined || here.port === undefined) continue;
    if (state === listen) table.listening.push({ address: here.address, port: here.port, inode: Number(inode) });
    else if (there.port !== undefined) {
      const list = state === ESTABLISHED ? table.established : table.passing;
      list.push({ client: there.address, clientPort: there.port, server: here.address, serverPort: here.port });
    }
  }
  return table;
};

/** `0100007F:0016` is port 22 of 127.0.0.1. The port 0 is none. */
const endOf = (text: string): { readonly address: IpAddress; readonly port: Port | undefined } | undefined => {
  const [digits = '', number = ''] = text.split(':');
  const bytes = decodeHex(digits.toLowerCase());
  if ((bytes?.length !== 4 && bytes?.length !== 16) || !/^[0-9A-F]{4}$/.test(number)) return undefined;
  const address = addressFromBytes(bytes.map((_, index) => bytes[index ^ 3] ?? 0));
  return { address, port: port(Number.parseInt(number, 16)) };
};

/** Whether nobody but this host itself can reach the address. */
export const isLoopback = ({ family, bytes }: IpAddress): boolean =>
  family === 4 ? bytes[0] === 127 : bytes.every((byte, index) => byte === (index === 15 ? 1 : 0));
