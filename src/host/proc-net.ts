/** Reads the kernel's tables of sockets, /proc/net/tcp and its like (proc(5)). */
import { addressFromBytes, type Family, type IpAddress } from '../base/address.ts';
import type { Protocol } from '../base/port-spec.ts';

export interface SocketEntry {
  readonly protocol: Protocol;
  readonly family: Family;
  readonly address: IpAddress;
  readonly port: number;
  readonly remote: IpAddress;
  readonly remotePort: number;
  /** Waits for others: TCP in LISTEN, UDP without a peer. */
  readonly waits: boolean;
  readonly isEstablished: boolean;
  readonly inode: string;
}

/** linux/tcp_states.h: UDP sockets without a peer stand in the state of closed ones. */
const WAITING = { tcp: '0A', udp: '07' } as const;
const ESTABLISHED = '01';

/** `text` of /proc/net/PROTOCOL (`family` 4) or /proc/net/PROTOCOL6 on a little-endian machine. */
export const parseSocketTable = (text: string, protocol: Protocol, family: Family): readonly SocketEntry[] =>
  text
    .split('\n')
    .slice(1)
    .flatMap((line): SocketEntry[] => {
      const [, local = '', peer = '', state, , , , , , inode = ''] = line.trim().split(/\s+/);
      const [address, port] = readPlace(local, family);
      const [remote, remotePort] = readPlace(peer, family);
      if (address === undefined || remote === undefined) return [];
      const waits = state === WAITING[protocol] && remotePort === 0;
      return [
        { protocol, family, address, port, remote, remotePort, waits, isEstablished: state === ESTABLISHED, inode },
      ];
    });

/** `0100007F:0016`: words of four bytes, each the wrong way round. */
const readPlace = (text: string, family: Family): readonly [address: IpAddress | undefined, port: number] => {
  const [hex = '', port = ''] = text.split(':');
  const length = family === 4 ? 4 : 16;
  if (!/^[0-9A-F]+$/.test(hex) || hex.length !== 2 * length) return [undefined, 0];
  const bytes = Uint8Array.from({ length }, (_, index) => {
    const at = (index & ~3) + (3 - (index & 3));
    return Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16);
  });
  // Unlike an IPv4-mapped address, `::` stays what it is.
  return [addressFromBytes(bytes), Number.parseInt(port, 16)];
};
