/**
 * The emergency codes that were used, so that none opens twice: for ever, for a code never becomes stale. What bounds it is
 * that only codes of a stanza's own range get in, each once: at most 59 999 for a secret, and people print eight.
 */
import { bytesKey, encodeUtf8 } from '../bytes/encoding.ts';
import type { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { decodeSlotFile, encodeSlot, encodeSlotFile, RECORD_LENGTH } from './slot-file.ts';

/** Codes of one secret that open no more, from the first to the last. */
export interface CodeRecord {
  /** Whose: 16 bytes that follow from the secret and the server's name, and disclose neither. */
  readonly owner: Uint8Array;
  readonly first: number;
  readonly last: number;
}

export class UsedCodes {
  readonly #records = new Map<string, CodeRecord[]>();

  constructor(records: Iterable<CodeRecord> = []) {
    for (const record of records) this.use(record);
  }

  has(owner: Uint8Array, number: number): boolean {
    const records = this.#records.get(bytesKey(owner)) ?? [];
    return records.some(({ first, last }) => first <= number && number <= last);
  }

  use(record: CodeRecord): void {
    const key = bytesKey(record.owner);
    const records = this.#records.get(key) ?? [];
    this.#records.set(key, records);
    records.push(record);
  }

  *records(): Generator<CodeRecord> {
    for (const records of this.#records.values()) yield* records;
  }
}

const KIND = { magic: encodeUtf8('spad codes v1\n\0\0'), what: 'used emergency codes' };
const OWNER_LENGTH = 16;

export interface UsedCodesFile {
  readonly records: readonly CodeRecord[];
  /** As of the replay journal. */
  readonly damage: string | undefined;
}

/** A new file of `slots` slots that holds `records`. Throws RangeError where they do not fit. */
export const encodeUsedCodes = (slots: number, records: Iterable<CodeRecord>): Uint8Array =>
  encodeSlotFile(KIND, slots, 0, Array.from(records, encodePlain));

/** The 32 bytes of `record` for slot number `slot` (from 0). */
export const encodeUsedCode = (record: CodeRecord, slot: number): Uint8Array => encodeSlot(encodePlain(record), slot);

const encodePlain = ({ owner, first, last }: CodeRecord): Uint8Array => {
  const writer = new ByteWriter(RECORD_LENGTH);
  writer.put(owner);
  writer.u32(first);
  writer.u32(last);
  return writer.bytes;
};

/** Reads a file, whatever state it is in. */
export const decodeUsedCodes = (file: Uint8Array): UsedCodesFile => {
  const { records, damage } = decodeSlotFile(KIND, file, decodeRecord);
  return { records, damage };
};

const decodeRecord = (reader: ByteReader): CodeRecord | undefined => {
  const owner = reader.take(OWNER_LENGTH);
  const [first, last] = [reader.u32(), reader.u32()];
  return first <= last ? { owner, first, last } : undefined;
};
