/**
 * The replay journal's file format (docs/state-files.md).
 *
 * The file has its full length from the start: a header, then slots of zeros that records fill from the first on. So a
 * file that was cut short shows it, an append changes no metadata (a cheaper sync), and a slot that is neither zero nor
 * sound is damage. All integers are big-endian.
 *
 *     header  magic 16 · slots 4 · floor (Unix ms) 8 · check 4
 *     slot    digest 16 · time (Unix ms) 8 · slot number 4 · check 4
 *
 * A check is the first 4 bytes of SHA-256 over what is before it.
 */
import { type UnixMs, unixMs } from '../base/units.ts';
import { encodeUtf8 } from '../bytes/encoding.ts';
import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { sha256 } from '../crypto/digest.ts';
import { equalBytes } from '../crypto/secret.ts';
import type { ReplayRecord } from './cache.ts';

/** Length in bytes of the header and of each slot. */
export const SLOT_LENGTH = 32;

const MAGIC = encodeUtf8('spad replay v1\n\0');
const CHECK_LENGTH = 4;
const DIGEST_LENGTH = 16;

export interface Journal {
  readonly floor: UnixMs;
  readonly records: readonly ReplayRecord[];
  /** What is wrong with the file, for the operator; undefined where it is whole. Records that are sound are given all the same. */
  readonly damage: string | undefined;
}

/** A new journal of `slots` slots that holds `records`. Throws RangeError where they do not fit. */
export const encodeJournal = (slots: number, floor: UnixMs, records: Iterable<ReplayRecord>): Uint8Array => {
  const writer = new ByteWriter(SLOT_LENGTH * (slots + 1));
  writer.put(encodeHeader(slots, floor));
  let slot = 0;
  for (const record of records) {
    writer.put(encodeRecord(record, slot));
    slot += 1;
  }
  return writer.bytes;
};

const encodeHeader = (slots: number, floor: UnixMs): Uint8Array => {
  const writer = new ByteWriter(SLOT_LENGTH);
  writer.put(MAGIC);
  writer.u32(slots);
  writer.u64(floor);
  return withCheck(writer);
};

/** The 32 bytes of `record` for slot number `slot` (from 0). */
export const encodeRecord = (record: ReplayRecord, slot: number): Uint8Array => {
  const writer = new ByteWriter(SLOT_LENGTH);
  writer.put(record.digest);
  writer.u64(record.time);
  writer.u32(slot);
  return withCheck(writer);
};

const withCheck = (writer: ByteWriter): Uint8Array => {
  writer.put(checkOf(writer.bytes));
  return writer.bytes;
};

const checkOf = (slot: Uint8Array): Uint8Array =>
  sha256(slot.subarray(0, SLOT_LENGTH - CHECK_LENGTH)).subarray(0, CHECK_LENGTH);

const isSound = (slot: Uint8Array): boolean => equalBytes(checkOf(slot), slot.subarray(SLOT_LENGTH - CHECK_LENGTH));

/** Reads a journal file, whatever state it is in. */
export const decodeJournal = (file: Uint8Array): Journal => {
  const header = file.subarray(0, SLOT_LENGTH);
  if (header.length < SLOT_LENGTH || !equalBytes(header.subarray(0, MAGIC.length), MAGIC) || !isSound(header)) {
    return { floor: unixMs(0), records: [], damage: 'its header is not one of a replay journal' };
  }
  const reader = new ByteReader(header.subarray(MAGIC.length));
  const slots = reader.u32();
  const time = reader.u64();
  const floor = unixMs(time ?? 0);
  const { records, damage } = decodeSlots(file.subarray(SLOT_LENGTH));
  if (time === undefined) return { floor, records, damage: 'its floor is no time' };
  const expected = SLOT_LENGTH * (slots + 1);
  if (file.length === expected) return { floor, records, damage };
  return { floor, records, damage: `it has ${String(file.length)} bytes where its header says ${String(expected)}` };
};

const decodeSlots = (body: Uint8Array): { records: ReplayRecord[]; damage: string | undefined } => {
  const records: ReplayRecord[] = [];
  let damage: string | undefined;
  let ended = false;
  for (let slot = 0; (slot + 1) * SLOT_LENGTH <= body.length; slot += 1) {
    const bytes = body.subarray(slot * SLOT_LENGTH, (slot + 1) * SLOT_LENGTH);
    if (bytes.every((byte) => byte === 0)) {
      ended = true;
      continue;
    }
    if (ended) damage ??= `record ${String(slot)} follows an empty one`;
    const record = decodeRecord(bytes, slot);
    if (record === undefined) damage ??= `record ${String(slot)} is torn`;
    else records.push(record);
  }
  return { records, damage };
};

const decodeRecord = (bytes: Uint8Array, slot: number): ReplayRecord | undefined => {
  const reader = new ByteReader(bytes);
  const digest = reader.take(DIGEST_LENGTH);
  const time = reader.u64();
  const number = reader.u32();
  return isSound(bytes) && number === slot && time !== undefined ? { digest, time: unixMs(time) } : undefined;
};
