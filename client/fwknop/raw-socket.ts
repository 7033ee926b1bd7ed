/** Raw IPv4 sockets, which Node lacks: three functions of the C library. Loaded only for -P udpraw, tcpraw and icmp. */
import koffi from 'koffi';
import { Trouble } from '../../keys/trouble.ts';

const AF_INET = 2;
const SOCK_RAW = 3;
/** With this protocol the IP header is ours (raw(7)); the kernel fills in nothing but the checksum. */
const IPPROTO_RAW = 255;

/** Sends one whole IPv4 packet to where its header says. @throws Trouble where the system does not let it go. */
export const sendRaw = (packet: Uint8Array): void => {
  const library = koffi.load('libc.so.6');
  const socket = library.func('int socket(int domain, int type, int protocol)');
  const sendto = library.func(
    'intptr_t sendto(int fd, const uint8_t *data, size_t length, int flags, const uint8_t *address, uint32_t size)',
  );
  const close = library.func('int close(int fd)');
  const descriptor = Number(socket(AF_INET, SOCK_RAW, IPPROTO_RAW));
  if (descriptor < 0) throw explain(koffi.errno());
  try {
    const address = new Uint8Array(16);
    new Uint16Array(address.buffer)[0] = AF_INET;
    address.set(packet.subarray(16, 20), 4);
    if (Number(sendto(descriptor, packet, packet.length, 0, address, address.length)) < 0) throw explain(koffi.errno());
  } finally {
    close(descriptor);
  }
};

const explain = (errno: number): Trouble => {
  const { EPERM, EACCES, ENETUNREACH, EHOSTUNREACH } = koffi.os.errno;
  const sentences = new Map<number | undefined, string>([
    [EPERM, 'only root may send raw packets: run this as root, or leave -P out'],
    [EACCES, 'this address is a broadcast address: give the address of one host'],
    [ENETUNREACH, "there is no route to this address: check this host's network"],
    [EHOSTUNREACH, 'this address cannot be reached: check that the host is up'],
  ]);
  return new Trouble(`${sentences.get(errno) ?? `the system refuses (errno ${String(errno)})`}; nothing was sent`, 1);
};
