import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { unixMs } from '../../../src/base/units.ts';
import type { ReplayRecord } from '../../../src/replay/cache.ts';
import { decodeJournal, encodeJournal, encodeRecord } from '../../../src/replay/journal.ts';
import { SLOT_LENGTH } from '../../../src/replay/slot-file.ts';
import { join } from '../frame/frames.ts';
import { ascii, hex, toHex } from '../values.ts';

const FLOOR = unixMs(1_767_225_600_000);
const records: readonly ReplayRecord[] = [11, 22, 33].map((value) => ({
  digest: new Uint8Array(16).fill(value),
  time: unixMs(FLOOR + value),
}));
const SLOTS = 5;
const file = encodeJournal(SLOTS, FLOOR, records);

/** The format by its own description, with another SHA-256. */
const checked = (fields: Uint8Array): Uint8Array =>
  join(fields, createHash('sha256').update(fields).digest().subarray(0, 4));
const header = (slots: string, floor: string): Uint8Array =>
  checked(join(ascii('spad replay v1\n\0'), hex(slots), hex(floor)));

describe('the journal', () => {
  test('is a header, the records, and zeros up to its full length', () => {
    const expected = join(
      header('00000005', '0000019b76daa800'),
      ...[0x0b, 0x16, 0x21].map((value, slot) =>
        checked(
          join(
            new Uint8Array(16).fill(value),
            hex((FLOOR + value).toString(16).padStart(16, '0')),
            hex(`0000000${String(slot)}`),
          ),
        ),
      ),
      new Uint8Array(2 * 32),
    );
    expect(FLOOR.toString(16)).toBe('19b76daa800');
    expect(toHex(file)).toBe(toHex(expected));
  });

  test('is read as it was written', () => {
    expect(decodeJournal(file)).toEqual({ floor: FLOOR, records, damage: undefined });
    expect(decodeJournal(encodeJournal(0, FLOOR, []))).toEqual({ floor: FLOOR, records: [], damage: undefined });
  });

  test('a record is appended in its slot', () => {
    const [first, second, third] = records as [ReplayRecord, ReplayRecord, ReplayRecord];
    const grown = encodeJournal(SLOTS, FLOOR, [first, second]);
    grown.set(encodeRecord(third, 2), 3 * SLOT_LENGTH);
    expect(grown).toEqual(file);
  });

  test('more records than slots do not fit', () => {
    expect(() => encodeJournal(2, FLOOR, records)).toThrow(RangeError);
  });
});

describe('damage', () => {
  test('a change of any byte shows, and the other records are kept', () => {
    for (let index = 0; index < file.length; index += 1) {
      for (const change of [0x01, 0x80, 0xff]) {
        const journal = decodeJournal(file.map((byte, at) => (at === index ? byte ^ change : byte)));
        const slot = Math.floor(index / SLOT_LENGTH) - 1;
        expect(journal.damage, `byte ${String(index)}`).toBeDefined();
        expect(journal.records).toEqual(slot < 0 ? [] : records.filter((_, at) => at !== slot));
      }
    }
  });

  test('a file cut at any length shows, and the whole records are kept', () => {
    for (let length = 0; length < file.length; length += 1) {
      const journal = decodeJournal(file.subarray(0, length));
      const whole = Math.max(0, Math.floor(length / SLOT_LENGTH) - 1);
      expect(journal.damage, `${String(length)} bytes`).toBeDefined();
      expect(journal.records).toEqual(records.slice(0, whole));
    }
  });

  test.each([
    ['bytes behind the end', join(file, new Uint8Array(1))],
    ['a slot too many', join(file, new Uint8Array(32))],
    ['a hole: the first record zeroed', join(file.subarray(0, 32), new Uint8Array(32), file.subarray(64))],
    ['a hole: the second record zeroed', join(file.subarray(0, 64), new Uint8Array(32), file.subarray(96))],
    [
      'two records changed about',
      join(file.subarray(0, 32), file.subarray(64, 96), file.subarray(32, 64), file.subarray(96)),
    ],
    ['a record twice', join(file.subarray(0, 96), file.subarray(64, 96), file.subarray(128))],
    ['all ones', new Uint8Array(file.length).fill(0xff)],
    ['all zeros', new Uint8Array(file.length)],
    ['nothing', new Uint8Array(0)],
    ['a floor that is no time', join(header('00000000', '0020000000000000'))],
    [
      'a time that is none',
      join(header('00000001', '0000000000000000'), checked(hex(`${'01'.repeat(16)} 0020000000000000 00000000`))),
    ],
    ['a count beyond all memory', header('ffffffff', '0000000000000000')],
  ])('%s', (_, bytes) => {
    expect(decodeJournal(bytes).damage).toBeTypeOf('string');
  });

  test('is told as it is', () => {
    const damage = (bytes: Uint8Array) => decodeJournal(bytes).damage;
    expect(damage(new Uint8Array(file.length))).toBe('its header is not one of a replay journal');
    expect(damage(file.subarray(0, 31))).toBe('its header is not one of a replay journal');
    expect(damage(header('00000000', '0020000000000000'))).toBe('its floor is no time');
    expect(damage(join(file, new Uint8Array(1)))).toBe('it has 193 bytes where its header says 192');
    expect(damage(join(file.subarray(0, 64), new Uint8Array(32), file.subarray(96)))).toBe(
      'record 2 follows an empty one',
    );
  });
});
