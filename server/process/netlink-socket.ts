/** A socket to the kernel (netlink(7)), which Node has no word for. It is read without waiting. */
import koffi from 'koffi';

/** linux/netlink.h */
const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const MSG_DONTWAIT = 0x40;
const ROOM = 1024;
/** struct sockaddr_nl: family 2 · padding 2 · port 4, which the kernel chooses · groups 4, all in the machine's byte order. */
const ADDRESS_LENGTH = 12;
const GROUPS_AT = 8;
/** asm-generic/errno.h: some of what there was to read was dropped. */
const ENOBUFS = 105;

export interface NetlinkSocket {
  /** Whether the kernel has taken the bytes. */
  readonly send: (bytes: Uint8Array) => boolean;
  /** What is there already, at most 1024 bytes of it, good until the next call; undefined where nothing is. */
  readonly receive: () => Uint8Array | undefined;
  /** Whether the last `receive` found that messages had been lost. */
  readonly hasLost: () => boolean;
}

/**
 * A socket of this protocol's that lasts as long as the process. `groups`: bits of the groups to be told of.
 * Throws where there is no such socket.
 */
export const openNetlinkSocket = (protocol: number, groups = 0): NetlinkSocket => {
  const library = koffi.load('libc.so.6');
  const socket = library.func('int socket(int domain, int type, int protocol)');
  const bind = library.func('int bind(int fd, const void *address, unsigned int length)');
  const send = library.func('int64_t send(int fd, const void *data, size_t length, int flags)');
  const receive = library.func('int64_t recv(int fd, _Out_ void *data, size_t length, int flags)');
  const fd: unknown = socket(AF_NETLINK, SOCK_RAW_CLOEXEC, protocol);
  if (typeof fd !== 'number' || fd < 0) throw new Error('no netlink socket');
  if (groups !== 0 && bind(fd, addressOf(groups), ADDRESS_LENGTH) !== 0) throw new Error('no netlink groups');
  const buffer = Buffer.alloc(ROOM);
  let lost = false;
  return {
    send: (bytes) => Number(send(fd, bytes, bytes.length, 0)) === bytes.length,
    receive: () => {
      const length = Number(receive(fd, buffer, buffer.length, MSG_DONTWAIT));
      lost = length < 0 && koffi.errno() === ENOBUFS;
      return length > 0 ? buffer.subarray(0, length) : undefined;
    },
    hasLost: () => lost,
  };
};

const addressOf = (groups: number): Uint8Array => {
  const bytes = new Uint8Array(ADDRESS_LENGTH);
  new Uint16Array(bytes.buffer, 0, 1).fill(AF_NETLINK);
  new Uint32Array(bytes.buffer, GROUPS_AT, 1).fill(groups);
  return bytes;
};
