/**
 * Makes connection tracking know the connections that are older than it. Where nothing had used it before the guard, it
 * takes their next packet for the first one of a new connection, and the guard would drop that.
 */
import koffi from 'koffi';
import { adoptionError, adoptionMessage } from '../../src/control/adoption-message.ts';
import type { Connection } from '../../src/control/connection.ts';

/** linux/netlink.h. */
const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const NETLINK_NETFILTER = 12;
const MSG_DONTWAIT = 0x40;

/** What is tracked already stays as it is. Throws a sentence where the kernel does not take it. */
export const adoptConnections = (connections: readonly Connection[]): void => {
  if (connections.length === 0) return;
  const library = koffi.load('libc.so.6');
  const socket = library.func('int socket(int domain, int type, int protocol)');
  const send = library.func('int64_t send(int fd, const void *data, size_t length, int flags)');
  const receive = library.func('int64_t recv(int fd, _Out_ void *data, size_t length, int flags)');
  const close = library.func('int close(int fd)');
  const fd: unknown = socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_NETFILTER);
  if (typeof fd !== 'number' || fd < 0) throw new Error('there is no netlink socket');
  const answer = Buffer.alloc(1024);
  try {
    for (const connection of connections) {
      const message = adoptionMessage(connection);
      // The kernel answers before send() comes back.
      const sent = Number(send(fd, message, message.length, 0)) === message.length;
      const length = sent ? Number(receive(fd, answer, answer.length, MSG_DONTWAIT)) : 0;
      const error = length > 0 ? adoptionError(answer.subarray(0, length)) : undefined;
      if (error !== 0) throw new Error(`connection tracking says error ${String(error ?? 'nothing')}`);
    }
  } finally {
    close(fd);
  }
};
