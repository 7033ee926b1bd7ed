/**
 * A text of fwknop's on the pipe from the receiver to the authorizer:
 *
 *     key, 2^32 - 1 for none (4) · captured, Unix ms (8) · transport (1) · source · destination · forwarded for · text
 *
 * An address is its family (1), 0 for none, and its 4 or 16 bytes.
 */
import { addressFromBytes, type IpAddress } from '../base/address.ts';
import { unixMs } from '../base/units.ts';
import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { MAX_TEXT, MIN_TEXT } from '../spa/fwknop/layout.ts';
import type { FwknopCandidate, FwknopTransport } from './input.ts';

const NO_KEY = 0xffff_ffff;
const FIXED = 13;
/** The place in the list is the number on the pipe. */
const TRANSPORTS: readonly FwknopTransport[] = ['udp', 'tcp', 'icmp', 'http'];

export const encodeFwknopCandidate = (candidate: FwknopCandidate): Uint8Array => {
  const addresses = [candidate.source, candidate.destination, candidate.forwardedFor];
  const length = addresses.reduce((sum, address) => sum + 1 + (address?.bytes.length ?? 0), FIXED);
  const writer = new ByteWriter(length + candidate.text.length);
  writer.u32(candidate.key ?? NO_KEY);
  writer.u64(candidate.captured);
  writer.u8(TRANSPORTS.indexOf(candidate.transport));
  for (const address of addresses) {
    writer.u8(address?.family ?? 0);
    if (address !== undefined) writer.put(address.bytes);
  }
  writer.put(candidate.text);
  return writer.bytes;
};

/** Undefined where it is none. */
export const decodeFwknopCandidate = (payload: Uint8Array): FwknopCandidate | undefined => {
  const reader = new ByteReader(payload);
  const number = reader.u32();
  const captured = reader.u64();
  const transport = TRANSPORTS[reader.u8()];
  const source = takeAddress(reader);
  const destination = takeAddress(reader);
  const forwardedFor = takeAddress(reader);
  const text = reader.take(reader.remaining);
  if (reader.overrun || captured === undefined || transport === undefined) return undefined;
  if (source === undefined || source === 'bad' || destination === 'bad' || forwardedFor === 'bad') return undefined;
  if (text.length < MIN_TEXT || text.length > MAX_TEXT) return undefined;
  const key = number === NO_KEY ? undefined : number;
  return { key, source, destination, transport, forwardedFor, captured: unixMs(captured), text };
};

const takeAddress = (reader: ByteReader): IpAddress | undefined | 'bad' => {
  const family = reader.u8();
  if (family === 0) return undefined;
  if (family !== 4 && family !== 6) return 'bad';
  const address = addressFromBytes(reader.take(family === 4 ? 4 : 16));
  // An IPv4 address in the clothes of IPv6.
  return address.family === family ? address : 'bad';
};
