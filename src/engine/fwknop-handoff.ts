/**
 * A text of fwknop's on the pipe from the receiver to the authorizer:
 *
 *     key, 2^32 - 1 for none (4) · captured, Unix ms (8) · transport (1) · source · destination · forwarded for · text
 */
import { unixMs } from '../base/units.ts';
import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { MAX_TEXT, MIN_TEXT } from '../spa/fwknop/layout.ts';
import type { FwknopCandidate, FwknopTransport } from './input.ts';
import { addressLength, putAddress, takeAddress } from './pipe-address.ts';

const NO_KEY = 0xffff_ffff;
const FIXED = 13;
/** The place in the list is the number on the pipe. */
const TRANSPORTS: readonly FwknopTransport[] = ['udp', 'tcp', 'icmp', 'http'];

export const encodeFwknopCandidate = (candidate: FwknopCandidate): Uint8Array => {
  const addresses = [candidate.source, candidate.destination, candidate.forwardedFor];
  const length = addresses.reduce((sum, address) => sum + addressLength(address), FIXED);
  const writer = new ByteWriter(length + candidate.text.length);
  writer.u32(candidate.key ?? NO_KEY);
  writer.u64(candidate.captured);
  writer.u8(TRANSPORTS.indexOf(candidate.transport));
  for (const address of addresses) putAddress(writer, address);
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
