/**
 * The number of the ruleset's generation: the kernel counts up with each transaction of nftables, whoever's it is, and
 * not when a timed element ends. So one small question, a few microseconds long, tells that nobody has changed anything.
 */
import koffi from 'koffi';

/** linux/netlink.h, linux/netfilter/nfnetlink.h and nf_tables.h. */
const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const NETLINK_NETFILTER = 12;
const NLM_F_REQUEST = 1;
const NFT_MSG_NEWGEN = (10 << 8) | 15;
const NFT_MSG_GETGEN = (10 << 8) | 16;
const NFTA_GEN_ID = 1;
const MSG_DONTWAIT = 0x40;

/**
 * nlmsghdr (16 bytes, in the machine's byte order, which is little-endian here: another machine's kernel does not answer,
 * and the daemon does without), then nfgenmsg (4).
 */
const HEADER_LENGTH = 20;

/** Asks the kernel. Where it cannot be asked, the firewall is looked at more often than it need be, and that is all. */
export const findGeneration = (): (() => number | undefined) => {
  try {
    return openGeneration();
  } catch {
    return () => undefined;
  }
};

/** Undefined where the kernel does not say. Throws where there is no such socket. */
const openGeneration = (): (() => number | undefined) => {
  const library = koffi.load('libc.so.6');
  const socket = library.func('int socket(int domain, int type, int protocol)');
  const send = library.func('int64_t send(int fd, const void *data, size_t length, int flags)');
  const receive = library.func('int64_t recv(int fd, _Out_ void *data, size_t length, int flags)');
  const fd: unknown = socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_NETFILTER);
  if (typeof fd !== 'number' || fd < 0) throw new Error('no netlink socket');
  const question = Buffer.alloc(HEADER_LENGTH);
  question.writeUInt32LE(HEADER_LENGTH, 0);
  question.writeUInt16LE(NFT_MSG_GETGEN, 4);
  question.writeUInt16LE(NLM_F_REQUEST, 6);
  const answer = Buffer.alloc(256);
  return () => {
    // The kernel answers before send() comes back, and to nobody else.
    if (Number(send(fd, question, question.length, 0)) !== question.length) return undefined;
    const length = Number(receive(fd, answer, answer.length, MSG_DONTWAIT));
    return length > 0 ? readGeneration(answer.subarray(0, length)) : undefined;
  };
};

/** The generation in the kernel's answer; undefined where it is another message, such as an error. */
export const readGeneration = (answer: Uint8Array): number | undefined => {
  const view = new DataView(answer.buffer, answer.byteOffset, answer.length);
  if (answer.length < HEADER_LENGTH || view.getUint16(4, true) !== NFT_MSG_NEWGEN) return undefined;
  for (let at = HEADER_LENGTH; at + 4 <= answer.length;) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > answer.length) return undefined;
    if ((view.getUint16(at + 2, true) & 0x3fff) === NFTA_GEN_ID && length === 8) return view.getUint32(at + 4);
    at += (length + 3) & ~3;
  }
  return undefined;
};
