/** Asks the kernel for the connections that it tracks: one dump over a netlink socket, no program. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import koffi from 'koffi';
import { type Connection, connectionsQuestion, readConnections } from '../../src/firewall/conntrack-message.ts';
import { FirewallError } from './backend.ts';

/** linux/netlink.h. */
const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const NETLINK_NETFILTER = 12;
const MSG_DONTWAIT = 0x40;

/** The kernel gives at most this much at once. */
const BUFFER_LENGTH = 65_536;
/** Parts of the answer that are read before other work has its turn; some 100 connections each. */
const PARTS_A_TURN = 8;

/** Shows each established connection. Rejects with FirewallError where the kernel does not tell. */
export const listConnections = async (onConnection: (connection: Connection) => void): Promise<void> => {
  const kernel = openKernel();
  try {
    kernel.ask(connectionsQuestion());
    for (let part = 1; ; part += 1) {
      const answer = readConnections(kernel.hear(), onConnection);
      if (answer.kind === 'done') return;
      if (answer.kind === 'failed') throw new FirewallError(`the kernel says error ${String(answer.error)}`);
      if (part % PARTS_A_TURN === 0) await nextTurn();
    }
  } finally {
    kernel.close();
  }
};

interface Kernel {
  ask(question: Uint8Array): void;
  hear(): Uint8Array;
  close(): void;
}

/** A socket of its own for each dump, so that an answer that was given up is nobody else's. */
const openKernel = (): Kernel => {
  const { socket, send, receive, close } = (library ??= loadLibrary());
  const fd: unknown = socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_NETFILTER);
  if (typeof fd !== 'number' || fd < 0) throw new FirewallError('there is no netlink socket for it');
  const buffer = Buffer.alloc(BUFFER_LENGTH);
  return {
    ask: (question) => {
      if (Number(send(fd, question, question.length, 0)) !== question.length)
        throw new FirewallError('the kernel does not take the question');
    },
    // The kernel writes each part while it is being read, so that there is always one until the last.
    hear: () => {
      const length = Number(receive(fd, buffer, buffer.length, MSG_DONTWAIT));
      if (length <= 0) throw new FirewallError('the kernel does not answer');
      return buffer.subarray(0, length);
    },
    close: () => void close(fd),
  };
};

const loadLibrary = () => {
  const libc = koffi.load('libc.so.6');
  return {
    socket: libc.func('int socket(int domain, int type, int protocol)'),
    send: libc.func('int64_t send(int fd, const void *data, size_t length, int flags)'),
    receive: libc.func('int64_t recv(int fd, _Out_ void *data, size_t length, int flags)'),
    close: libc.func('int close(int fd)'),
  };
};

let library: ReturnType<typeof loadLibrary> | undefined;
