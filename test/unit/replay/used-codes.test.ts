import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  type CodeRecord,
  decodeUsedCodes,
  encodeUsedCode,
  encodeUsedCodes,
  UsedCodes,
} from '../../../src/replay/used-codes.ts';
import { join } from '../frame/frames.ts';
import { ascii, hex, toHex } from '../values.ts';

const owner = (value: number): Uint8Array => new Uint8Array(16).fill(value);
const records: readonly CodeRecord[] = [
  { owner: owner(1), first: 3, last: 3 },
  { owner: owner(2), first: 1, last: 59_999 },
];
const file = encodeUsedCodes(3, records);

/** The format by docs/state-files.md, with another SHA-256. */
const checked = (fields: Uint8Array): Uint8Array =>
  join(fields, createHash('sha256').update(fields).digest().subarray(0, 4));

describe('used codes', () => {
  test('are known by secret and number', () => {
    const used = new UsedCodes(records);
    expect([1, 2, 3, 4].map((number) => used.has(owner(1), number))).toEqual([false, false, true, false]);
    expect([1, 59_999].map((number) => used.has(owner(2), number))).toEqual([true, true]);
    expect(used.has(owner(3), 3)).toBe(false);
    used.use({ owner: owner(1), first: 4, last: 4 });
    expect(used.has(owner(1), 4)).toBe(true);
    expect([...used.records()]).toEqual([records[0], { owner: owner(1), first: 4, last: 4 }, records[1]]);
  });
});

describe('their file', () => {
  test('is a header, the records, and zeros up to its full length', () => {
    const expected = join(
      checked(join(ascii('spad codes v1\n\0\0'), hex('00000003 0000000000000000'))),
      checked(join(owner(1), hex('00000003 00000003 00000000'))),
      checked(join(owner(2), hex('00000001 0000ea5f 00000001'))),
      new Uint8Array(32),
    );
    expect(toHex(file)).toBe(toHex(expected));
    expect(decodeUsedCodes(file)).toEqual({ records, damage: undefined });
  });

  test('grows by a slot a record', () => {
    const [first, second] = records as [CodeRecord, CodeRecord];
    const grown = encodeUsedCodes(3, [first]);
    grown.set(encodeUsedCode(second, 1), 64);
    expect(grown).toEqual(file);
  });

  test('shows a change of any byte, and keeps the other records', () => {
    for (let index = 0; index < file.length; index += 1) {
      const read = decodeUsedCodes(file.map((byte, at) => (at === index ? byte ^ 0x10 : byte)));
      const slot = Math.floor(index / 32) - 1;
      expect(read.damage, `byte ${String(index)}`).toBeDefined();
      expect(read.records).toEqual(slot < 0 ? [] : records.filter((_, at) => at !== slot));
    }
  });

  test('shows where it was cut', () => {
    for (let length = 0; length < file.length; length += 1)
      expect(decodeUsedCodes(file.subarray(0, length)).damage, `${String(length)} bytes`).toBeDefined();
  });

  test('is none of the replay journal', () => {
    const journal = join(checked(join(ascii('spad replay v1\n\0'), hex('00000000 0000000000000000'))));
    expect(decodeUsedCodes(journal).damage).toBe('its header is not one of used emergency codes');
  });

  test('has no range that ends before it begins', () => {
    const backwards = join(
      encodeUsedCodes(0, []).slice(0, 0),
      checked(join(owner(1), hex('00000004 00000003 00000000'))),
    );
    const spoilt = join(encodeUsedCodes(1, []).subarray(0, 32), backwards);
    expect(decodeUsedCodes(spoilt)).toEqual({ records: [], damage: 'record 0 is torn' });
  });
});
