/** The replay journal's file format, one of slots (slot-file.ts): a record is a digest and the packet's time, the mark is the floor. */
import { type UnixMs, unixMs } from '../base/units.ts';
import { encodeUtf8 } from '../bytes/encoding.ts';
import type { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';
import type { ReplayRecord } from './cache.ts';
import { decodeSlotFile, encodeSlot, encodeSlotFile, RECORD_LENGTH } from './slot-file.ts';

const KIND = { magic: encodeUtf8('spad replay v1\n\0'), what: 'a replay journal' };
const DIGEST_LENGTH = 16;

export interface Journal {
  readonly floor: UnixMs;
  readonly records: readonly ReplayRecord[];
  /** What is wrong with the file, for the operator; undefined where it is whole. Records that are sound are given all the same. */
  readonly damage: string | undefined;
}

/** A new journal of `slots` slots that holds `records`. Throws RangeError where they do not fit. */
export const encodeJournal = (slots: number, floor: UnixMs, records: Iterable<ReplayRecord>): Uint8Array =>
  encodeSlotFile(KIND, slots, floor, Array.from(records, encodePlain));

/** The 32 bytes of `record` for slot number `slot` (from 0). */
export const encodeRecord = (record: ReplayRecord, slot: number): Uint8Array => encodeSlot(encodePlain(record), slot);

const encodePlain = ({ digest, time }: ReplayRecord): Uint8Array => {
  const writer = new ByteWriter(RECORD_LENGTH);
  writer.put(digest);
  writer.u64(time);
  return writer.bytes;
};

/** Reads a journal file, whatever state it is in. */
export const decodeJournal = (file: Uint8Array): Journal => {
  const { mark, records, damage } = decodeSlotFile(KIND, file, decodeRecord);
  const time = mark?.u64();
  const floor = unixMs(time ?? 0);
  return { floor, records, damage: mark !== undefined && time === undefined ? 'its floor is no time' : damage };
};

const decodeRecord = (reader: ByteReader): ReplayRecord | undefined => {
  const digest = reader.take(DIGEST_LENGTH);
  const time = reader.u64();
  return time === undefined ? undefined : { digest, time: unixMs(time) };
};
