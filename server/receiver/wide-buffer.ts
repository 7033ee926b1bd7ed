/**
 * Room for bursts where libpcap gives none: the kernel holds some fifty packets for a reader of NFLOG unless it is told
 * otherwise, and neither libpcap nor the addon can tell it.
 */
import { readdirSync, readlinkSync } from 'node:fs';

/** asm-generic/socket.h: the size of a socket's receive buffer, beyond what users may have; takes CAP_NET_ADMIN. */
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
/** The kernel reckons with twice as much; a packet takes some 5 kB of it. */
const BYTES = 16 * 1024 * 1024;

/** Does what opens sockets, and widens the receive buffers of those. Where that cannot be, they stay as they are. */
export const withWideBuffers = async <T>(open: () => T): Promise<T> => {
  const before = sockets();
  const opened = open();
  const fresh = sockets().filter((fd) => !before.includes(fd));
  try {
    const { default: koffi } = await import('koffi');
    const setOption = koffi
      .load('libc.so.6')
      .func('int setsockopt(int fd, int level, int name, const void *value, unsigned int length)');
    const value = Buffer.alloc(4);
    value.writeInt32LE(BYTES);
    for (const fd of fresh) setOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, value, value.length);
  } catch {
    // A burst may be cut short, which is counted as kernel-dropped.
  }
  return opened;
};

const sockets = (): readonly number[] =>
  readdirSync('/proc/self/fd')
    .filter((fd) => isSocket(`/proc/self/fd/${fd}`))
    .map(Number);

const isSocket = (path: string): boolean => {
  try {
    return readlinkSync(path).startsWith('socket:');
  } catch {
    return false;
  }
};
