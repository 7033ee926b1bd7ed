/**
 * Files that remember in slots (docs/state-files.md): the replay journal, and the emergency codes that were used.
 *
 * Such a file has its full length from the start: a header, then slots of zeros that records fill from the first on. So a
 * file that was cut short shows it, an append changes no metadata (a cheaper sync), and a slot that is neither zero nor
 * sound is damage. All integers are big-endian.
 *
 *     header  magic 16 · slots 4 · a mark of the file's own 8 · check 4
 *     slot    record 24 · slot number 4 · check 4
 *
 * A check is the first 4 bytes of SHA-256 over what is before it.
 */
import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { sha256 } from '../crypto/digest.ts';
import { equalBytes } from '../crypto/secret.ts';

/** Length in bytes of the header and of each slot. */
export const SLOT_LENGTH = 32;
/** Of a record in its slot. */
export const RECORD_LENGTH = 24;
const CHECK_LENGTH = 4;

/** What tells a kind of file: 16 bytes, and a word for the operator. */
export interface SlotFileKind {
  readonly magic: Uint8Array;
  readonly what: string;
}

export interface SlotFile<T> {
  /** 8 bytes; undefined where the header is not sound, and nothing else was looked at. */
  readonly mark: ByteReader | undefined;
  readonly records: readonly T[];
  /** What is wrong with the file, for the operator; undefined where it is whole. Records that are sound are given all the same. */
  readonly damage: string | undefined;
}

/** A new file of `slots` slots that holds `records`, {@link RECORD_LENGTH} bytes each. Throws RangeError where they do not fit. */
export const encodeSlotFile = (
  { magic }: SlotFileKind,
  slots: number,
  mark: number,
  records: Iterable<Uint8Array>,
): Uint8Array => {
  const writer = new ByteWriter(SLOT_LENGTH * (slots + 1));
  const header = new ByteWriter(SLOT_LENGTH);
  header.put(magic);
  header.u32(slots);
  header.u64(mark);
  writer.put(withCheck(header));
  let slot = 0;
  for (const record of records) {
    writer.put(encodeSlot(record, slot));
    slot += 1;
  }
  return writer.bytes;
};

/** The 32 bytes of `record` for slot number `slot` (from 0). */
export const encodeSlot = (record: Uint8Array, slot: number): Uint8Array => {
  const writer = new ByteWriter(SLOT_LENGTH);
  writer.put(record);
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

/** Reads a file, whatever state it is in. `decode` gives undefined for 24 bytes that are no record, which is damage. */
export const decodeSlotFile = <T>(
  { magic, what }: SlotFileKind,
  file: Uint8Array,
  decode: (record: ByteReader) => T | undefined,
): SlotFile<T> => {
  const header = file.subarray(0, SLOT_LENGTH);
  if (header.length < SLOT_LENGTH || !equalBytes(header.subarray(0, magic.length), magic) || !isSound(header)) {
    return { mark: undefined, records: [], damage: `its header is not one of ${what}` };
  }
  const reader = new ByteReader(header.subarray(magic.length));
  const slots = reader.u32();
  const mark = new ByteReader(reader.take(8));
  const { records, damage } = decodeSlots(file.subarray(SLOT_LENGTH), decode);
  const expected = SLOT_LENGTH * (slots + 1);
  if (file.length === expected) return { mark, records, damage };
  return {
    ...{ mark, records },
    damage: `it has ${String(file.length)} bytes where its header says ${String(expected)}`,
  };
};

const decodeSlots = <T>(
  body: Uint8Array,
  decode: (record: ByteReader) => T | undefined,
): { records: T[]; damage: string | undefined } => {
  const records: T[] = [];
  let damage: string | undefined;
  let ended = false;
  for (let slot = 0; (slot + 1) * SLOT_LENGTH <= body.length; slot += 1) {
    const bytes = body.subarray(slot * SLOT_LENGTH, (slot + 1) * SLOT_LENGTH);
    if (bytes.every((byte) => byte === 0)) {
      ended = true;
      continue;
    }
    if (ended) damage ??= `record ${String(slot)} follows an empty one`;
    const number = new ByteReader(bytes.subarray(RECORD_LENGTH)).u32();
    const record = isSound(bytes) && number === slot ? decode(new ByteReader(bytes)) : undefined;
    if (record === undefined) damage ??= `record ${String(slot)} is torn`;
    else records.push(record);
  }
  return { records, damage };
};
