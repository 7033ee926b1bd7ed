import { describe, expect, test } from 'vitest';
import { u8At, u16At } from '../../../src/bytes/field.ts';
import { ByteReader } from '../../../src/bytes/reader.ts';
import { ByteWriter } from '../../../src/bytes/writer.ts';
import { hex, toHex } from '../values.ts';

describe('reader', () => {
  test('big-endian fields one after the other', () => {
    const reader = new ByteReader(hex('01 0203 04050607 00000000 08090a0b 0c0d'));
    expect(reader.u8()).toBe(0x01);
    expect(reader.u16()).toBe(0x0203);
    expect(reader.u32()).toBe(0x04050607);
    expect(reader.u64()).toBe(0x08090a0b);
    expect([reader.offset, reader.remaining]).toEqual([15, 2]);
    expect(toHex(reader.take(2))).toBe('0c0d');
    expect([reader.remaining, reader.overrun]).toEqual([0, false]);
  });

  test('the largest value of each width', () => {
    const reader = new ByteReader(new Uint8Array(7).fill(0xff));
    expect([reader.u8(), reader.u16(), reader.u32()]).toEqual([0xff, 0xffff, 0xffff_ffff]);
  });

  test('64 bits are exact or absent', () => {
    expect(new ByteReader(hex('001fffffffffffff')).u64()).toBe(Number.MAX_SAFE_INTEGER);
    expect(new ByteReader(hex('0020000000000000')).u64()).toBeUndefined();
    expect(new ByteReader(hex('ffffffffffffffff')).u64()).toBeUndefined();
    expect(new ByteReader(hex('0000000100000000')).u64()).toBe(2 ** 32);
  });

  test('a read past the end gives zero, and everything after it too', () => {
    const reader = new ByteReader(hex('ff ff ff'));
    expect(reader.u32()).toBe(0);
    expect(reader.overrun).toBe(true);
    expect(reader.u8()).toBe(0);
    expect(reader.take(2)).toEqual(new Uint8Array(2));
    expect(reader.offset).toBe(0);
  });

  test('nothing of nothing is no overrun', () => {
    const reader = new ByteReader(new Uint8Array(0));
    expect(reader.take(0).length).toBe(0);
    expect(reader.overrun).toBe(false);
    expect(reader.u8()).toBe(0);
    expect(reader.overrun).toBe(true);
  });

  test('what is taken is a copy', () => {
    const bytes = hex('0102');
    const taken = new ByteReader(bytes).take(2);
    bytes[0] = 9;
    expect(toHex(taken)).toBe('0102');
  });
});

describe('writer', () => {
  test('big-endian fields, then zeros', () => {
    const writer = new ByteWriter(20);
    writer.u8(0x01);
    writer.u16(0x0203);
    writer.u32(0x04050607);
    writer.u64(Number.MAX_SAFE_INTEGER);
    writer.put(hex('aabb'));
    expect(writer.offset).toBe(17);
    expect(toHex(writer.bytes)).toBe('01020304050607001fffffffffffffaabb000000');
  });

  test('past the end it throws', () => {
    expect(() => new ByteWriter(1).u16(1)).toThrow(RangeError);
    expect(() => new ByteWriter(3).u32(1)).toThrow(RangeError);
    expect(() => new ByteWriter(7).u64(1)).toThrow(RangeError);
    expect(() => new ByteWriter(0).u8(1)).toThrow(RangeError);
    expect(() => new ByteWriter(1).put(hex('0102'))).toThrow(RangeError);
  });
});

test('fields at a place; zero outside', () => {
  const bytes = hex('0102ff');
  expect([u8At(bytes, 0), u8At(bytes, 2), u8At(bytes, 3), u8At(bytes, -1)]).toEqual([1, 255, 0, 0]);
  expect([u16At(bytes, 0), u16At(bytes, 1), u16At(bytes, 2), u16At(bytes, 9)]).toEqual([0x0102, 0x02ff, 0xff00, 0]);
});
