/** Small questions to nftables in the kernel, asked without libnftables: it answers at once, in one message. */
import { openNetlinkSocket } from '../process/netlink-socket.ts';

/** linux/netlink.h, linux/netfilter/nfnetlink.h */
const NETLINK_NETFILTER = 12;
const NLM_F_REQUEST = 1;
const NLMSG_ERROR = 2;
/** Behind nlmsghdr. */
const ERROR_AT = 16;
const NFNL_SUBSYS_NFTABLES = 10;
/** The two upper bits of an attribute's type say how it is encoded. */
const TYPE_MASK = 0x3fff;

/**
 * nlmsghdr (16 bytes, in the machine's byte order, which is little-endian here: another machine's kernel does not answer,
 * and the daemon does without), then nfgenmsg (4).
 */
const HEADER_LENGTH = 20;
const ATTRIBUTE_HEADER = 4;

/** A message of nftables: its number, the family of addresses, and attributes by type. */
export const request = (
  message: number,
  family = 0,
  attributes: readonly (readonly [type: number, value: Uint8Array])[] = [],
): Uint8Array => {
  const parts = attributes.map(([type, value]) => {
    const attribute = new Uint8Array(aligned(ATTRIBUTE_HEADER + value.length));
    const view = new DataView(attribute.buffer);
    view.setUint16(0, ATTRIBUTE_HEADER + value.length, true);
    view.setUint16(2, type, true);
    attribute.set(value, ATTRIBUTE_HEADER);
    return attribute;
  });
  const length = parts.reduce((sum, part) => sum + part.length, HEADER_LENGTH);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length, true);
  view.setUint16(4, (NFNL_SUBSYS_NFTABLES << 8) | message, true);
  view.setUint16(6, NLM_F_REQUEST, true);
  view.setUint8(16, family);
  let at = HEADER_LENGTH;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
};

/**
 * Asks the kernel; undefined where it gives no answer. Throws where there is no such socket. The answer is good until the
 * next question.
 */
export const openNetlink = (): ((question: Uint8Array) => Uint8Array | undefined) => {
  const { send, receive } = openNetlinkSocket(NETLINK_NETFILTER);
  // The kernel answers before send() comes back, and to nobody else.
  return (question) => (send(question) ? receive() : undefined);
};

/**
 * Hands the kernel a batch of which the last message asks for an answer, one transaction: whether the kernel has carried it out.
 * Throws where there is no such socket.
 */
export const openBatches = (): ((batch: Uint8Array) => boolean) => {
  const { send, receive } = openNetlinkSocket(NETLINK_NETFILTER);
  return (batch) => {
    if (!send(batch)) return false;
    const taken = isDone(receive());
    // What went wrong is told message by message, each time in an answer of its own.
    while (!taken && receive() !== undefined);
    return taken;
  };
};

/** Whether an answer is the kernel's word that all went well: an error message (netlink(7)) with the number 0. */
export const isDone = (answer: Uint8Array | undefined): boolean => {
  if (answer === undefined || answer.length < ERROR_AT + 4) return false;
  const view = new DataView(answer.buffer, answer.byteOffset, answer.length);
  return view.getUint16(4, true) === NLMSG_ERROR && view.getInt32(ERROR_AT, true) === 0;
};

/** The attributes of a message with this number, by type; undefined where it is another message, such as an error, or cut short. */
export const attributesOf = (answer: Uint8Array, message: number): Map<number, Uint8Array> | undefined => {
  if (answer.length < HEADER_LENGTH) return undefined;
  const type = new DataView(answer.buffer, answer.byteOffset, answer.length).getUint16(4, true);
  return type === ((NFNL_SUBSYS_NFTABLES << 8) | message) ? nestedIn(answer.subarray(HEADER_LENGTH)) : undefined;
};

/** The attributes that lie one after another in `bytes`; undefined where a length lies. */
export const nestedIn = (bytes: Uint8Array): Map<number, Uint8Array> | undefined => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = new Map<number, Uint8Array>();
  for (let at = 0; at + ATTRIBUTE_HEADER <= bytes.length;) {
    const length = view.getUint16(at, true);
    if (length < ATTRIBUTE_HEADER || at + length > bytes.length) return undefined;
    found.set(view.getUint16(at + 2, true) & TYPE_MASK, bytes.subarray(at + ATTRIBUTE_HEADER, at + length));
    at += aligned(length);
  }
  return found;
};

const aligned = (length: number): number => (length + 3) & ~3;
