/**
 * Knocks on the pipe from the receiver to the authorizer: one after the other, each
 *
 *     time, Unix ms (8) · family (1) · source (4 or 16) · destination (4 or 16) · protocol (1) · source port (2) ·
 *     destination port (2) · TCP flags (1) · length of the frame (4)
 */
import type { Family } from '../base/address.ts';
import { type AddressKey, addressKeyAt, bytesOfKey, familyOfKey } from '../base/address-key.ts';
import { unixMs } from '../base/units.ts';
import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';
import type { Knock } from '../knock/knock.ts';

const FIXED = 19;
const LONGEST = FIXED + 32;
const TCP = 6;
const UDP = 17;

const knockLength = ({ source }: Knock): number => (familyOfKey(source) === 4 ? FIXED + 8 : LONGEST);

/** As many as one message surely takes, however long they are. */
export const MAX_KNOCKS = 642;

export const encodeKnocks = (knocks: readonly Knock[]): Uint8Array => {
  const writer = new ByteWriter(knocks.reduce((sum, knock) => sum + knockLength(knock), 0));
  for (const knock of knocks) {
    writer.u64(knock.time);
    writer.u8(familyOfKey(knock.source));
    putAddress(writer, knock.source);
    putAddress(writer, knock.destination);
    writer.u8(knock.protocol === 'tcp' ? TCP : UDP);
    writer.u16(knock.sourcePort);
    writer.u16(knock.port);
    writer.u8(knock.tcpFlags);
    writer.u32(knock.length);
  }
  return writer.bytes;
};

const putAddress = (writer: ByteWriter, address: AddressKey): void => {
  if (typeof address === 'number') writer.u32(address);
  else writer.put(bytesOfKey(address));
};

/** Undefined where it is no list of knocks. */
export const decodeKnocks = (payload: Uint8Array): readonly Knock[] | undefined => {
  const reader = new ByteReader(payload);
  const knocks: Knock[] = [];
  while (reader.remaining > 0) {
    const knock = decodeKnock(reader);
    if (knock === undefined) return undefined;
    knocks.push(knock);
  }
  return knocks;
};

const decodeKnock = (reader: ByteReader): Knock | undefined => {
  const time = reader.u64();
  const family = reader.u8();
  if (family !== 4 && family !== 6) return undefined;
  const source = takeAddress(reader, family);
  const destination = takeAddress(reader, family);
  const protocol = reader.u8();
  const sourcePort = reader.u16();
  const port = reader.u16();
  const tcpFlags = reader.u8();
  const length = reader.u32();
  // An IPv4 address in the clothes of IPv6 would be read as another family.
  if (familyOfKey(source) !== family || familyOfKey(destination) !== family) return undefined;
  if (reader.overrun || time === undefined || (protocol !== TCP && protocol !== UDP)) return undefined;
  const name = protocol === TCP ? 'tcp' : 'udp';
  return { time: unixMs(time), source, destination, protocol: name, sourcePort, port, tcpFlags, length };
};

const takeAddress = (reader: ByteReader, family: Family): AddressKey =>
  family === 4 ? reader.u32() | 0 : addressKeyAt(reader.take(16), 0, 6);
