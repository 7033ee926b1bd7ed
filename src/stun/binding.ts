/**
 * STUN (RFC 8489), as far as one question goes: from which address does this packet come? A binding request without
 * attributes, and what its answer says. Nothing of it is authenticated: whoever is on the way can answer, too.
 */
import { addressFromBytes, type IpAddress } from '../base/address.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type Port, port } from '../base/units.ts';
import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';

/** Bytes of a transaction id, which must be random: it is all that tells an answer from a forged one. */
export const TRANSACTION_LENGTH = 12;

const HEADER_LENGTH = 20;
const COOKIE = 0x2112_a442;
const REQUEST = 0x0001;
const SUCCESS = 0x0101;
const ERROR = 0x0111;
const XOR_MAPPED_ADDRESS = 0x0020;

/** Attributes below this must be understood, or the answer must not be used (RFC 8489, section 6.3.3). */
const OPTIONAL_FROM = 0x8000;
/** Those of RFC 8489, sections 14 and 18.3, which say nothing here. */
const KNOWN: readonly number[] = [
  ...[0x0001, 0x0006, 0x0008, 0x0009, 0x000a, 0x0014, 0x0015, 0x001c, 0x001d, 0x001e],
  XOR_MAPPED_ADDRESS,
];

/** Why bytes are no answer that can be used. */
export const STUN_FAULTS = [
  'not-stun',
  'not-an-answer',
  'other-transaction',
  'refused',
  'bad-attribute',
  'unknown-attribute',
  'bad-address',
  'no-address',
] as const;
export type StunFault = (typeof STUN_FAULTS)[number];

/** What the server has seen. */
export interface Binding {
  readonly address: IpAddress;
  readonly port: Port;
}

/** The 20 bytes of a binding request; `transaction` is 12 random bytes, others for each question. */
export const bindingRequest = (transaction: Uint8Array): Uint8Array => {
  const writer = new ByteWriter(HEADER_LENGTH);
  writer.u16(REQUEST);
  writer.u16(0);
  writer.u32(COOKIE);
  writer.put(transaction);
  return writer.bytes;
};

/** What the answer to the request of this transaction says. The first rule that is broken is the fault. */
export const readBinding = (datagram: Uint8Array, transaction: Uint8Array): Result<Binding, StunFault> => {
  const reader = new ByteReader(datagram);
  const [type, length, cookie] = [reader.u16(), reader.u16(), reader.u32()];
  const own = reader.take(TRANSACTION_LENGTH);
  if (reader.overrun || cookie !== COOKIE || length % 4 !== 0 || length !== reader.remaining) return err('not-stun');
  if (type !== SUCCESS && type !== ERROR) return err('not-an-answer');
  if (own.some((byte, index) => byte !== transaction[index])) return err('other-transaction');
  if (type === ERROR) return err('refused');
  return readAttributes(reader, Uint8Array.of(...cookieBytes(), ...own));
};

const cookieBytes = (): Uint8Array => {
  const writer = new ByteWriter(4);
  writer.u32(COOKIE);
  return writer.bytes;
};

/** Of an attribute that comes twice the first counts (RFC 8489, section 14). `mask` is what addresses are hidden with. */
const readAttributes = (reader: ByteReader, mask: Uint8Array): Result<Binding, StunFault> => {
  let found: Result<Binding, StunFault> | undefined;
  while (reader.remaining > 0) {
    const [type, length] = [reader.u16(), reader.u16()];
    const value = reader.take(length);
    reader.take(-length & 3);
    if (reader.overrun) return err('bad-attribute');
    if (type < OPTIONAL_FROM && !KNOWN.includes(type)) return err('unknown-attribute');
    if (type === XOR_MAPPED_ADDRESS) found ??= readMapped(value, mask);
  }
  return found ?? err('no-address');
};

const readMapped = (value: Uint8Array, mask: Uint8Array): Result<Binding, StunFault> => {
  const size = value[1] === 1 ? 4 : value[1] === 2 ? 16 : undefined;
  if (size === undefined || value.length !== 4 + size) return err('bad-address');
  const reader = new ByteReader(value.subarray(2));
  const number = port(reader.u16() ^ (COOKIE >>> 16));
  const address = addressFromBytes(reader.take(size).map((byte, index) => byte ^ (mask[index] ?? 0)));
  // An IPv4 address in the clothes of IPv6 has come by a way that nobody can be asked about.
  if (number === undefined || address.bytes.length !== size) return err('bad-address');
  return ok({ address, port: number });
};
