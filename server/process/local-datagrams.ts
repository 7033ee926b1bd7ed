/** Datagrams to a local socket, through libc: Node has no sockets of this kind. */
import koffi from 'koffi';
import { AF_UNIX } from '../../src/control/local-address.ts';

/** sys/socket.h */
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** Sends one datagram; 0, or the system's number for why not (errno(3)). `mayWait`: for room in the socket. */
export type SendDatagram = (data: Uint8Array, mayWait: boolean) => number;

/**
 * To whoever listens at `address`, a `struct sockaddr_un`, at the time of each datagram: a receiver that comes again is found
 * again. Throws where the library or a socket cannot be had.
 */
export const openDatagrams = (address: Uint8Array): SendDatagram => {
  const library = koffi.load('libc.so.6');
  const open = library.func('int socket(int domain, int type, int protocol)');
  const sendTo = library.func(
    'int64_t sendto(int fd, const void *data, size_t length, int flags, const void *address, uint32_t address_length)',
  );
  const fd: unknown = open(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
  if (typeof fd !== 'number' || fd < 0) throw new Error('no local socket can be made');
  return (data, mayWait) => {
    const flags = MSG_NOSIGNAL | (mayWait ? 0 : MSG_DONTWAIT);
    const sent: unknown = sendTo(fd, data, data.length, flags, address, address.length);
    return Number(sent) < 0 ? koffi.errno() : 0;
  };
};
