/** Capture files of any frames: what is written is read, and of a file that is cut at any byte what was whole before that. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CapturedFrame, isCapture } from '../../src/frame/capture-file.ts';
import {
  interfaceBlock,
  LINK_NUMBERS,
  packetBlock,
  pcap,
  read,
  section,
  type WrittenFrame,
} from '../unit/frame/captures.ts';
import { join, LINK_TYPES } from '../unit/frame/frames.ts';
import { toHex } from '../unit/values.ts';

const framesOf = (maxParts: number): fc.Arbitrary<WrittenFrame[]> =>
  fc.array(
    fc.record({
      seconds: fc.nat({ max: 0xffff_ffff }),
      parts: fc.nat({ max: maxParts }),
      bytes: fc.uint8Array({ maxLength: 40 }),
      length: fc.nat({ max: 0xffff_ffff }),
    }),
    { maxLength: 5 },
  );

interface Capture {
  readonly file: Uint8Array;
  /** Where the file may end and be whole. */
  readonly ends: readonly number[];
  /** How many of these come before the first frame is whole. */
  readonly heads: number;
  readonly told: readonly (readonly unknown[])[];
}

const told = ({ time, link, bytes, length }: CapturedFrame): readonly unknown[] => [time, link, toHex(bytes), length];

const link = fc.constantFrom(...LINK_TYPES);

/** The milliseconds by the digits of the number, without any arithmetic. */
const msOf = (parts: number, digits: number): number => Number(String(parts).padStart(digits, '0').slice(0, 3));

const pcapFile: fc.Arbitrary<Capture> = fc.tuple(fc.boolean(), fc.boolean(), link).chain(([little, nano, name]) =>
  framesOf(nano ? 999_999_999 : 999_999).map((frames): Capture => {
    const write = (count: number): Uint8Array =>
      pcap({ little, nano, link: LINK_NUMBERS[name] }, frames.slice(0, count));
    return {
      file: write(frames.length),
      ends: [...frames.keys(), frames.length].map((count) => write(count).length),
      heads: 1,
      told: frames.map(({ seconds, parts, bytes, length }) => [
        ...[seconds * 1000 + msOf(parts, nano ? 9 : 6), name],
        ...[toHex(bytes), length],
      ]),
    };
  }),
);

const pcapngFile: fc.Arbitrary<Capture> = fc
  .tuple(fc.boolean(), link, framesOf(999_999))
  .map(([little, name, frames]) => {
    const order = { little };
    const head = join(section(order), interfaceBlock({ link: LINK_NUMBERS[name] }, order));
    const write = (count: number): Uint8Array =>
      join(
        head,
        ...frames.slice(0, count).map(({ seconds, parts, bytes, length = 0 }) => {
          const units = BigInt(`${String(seconds)}${String(parts).padStart(6, '0')}`);
          return packetBlock({ units, bytes, length }, order);
        }),
      );
    return {
      file: write(frames.length),
      ends: [section(order).length, ...[...frames.keys(), frames.length].map((count) => write(count).length)],
      heads: 2,
      told: frames.map(({ seconds, parts, bytes, length }) => [
        ...[seconds * 1000 + msOf(parts, 6), name],
        ...[toHex(bytes), length],
      ]),
    };
  });

describe('capture files', () => {
  test('what is written is read', () => {
    fc.assert(
      fc.property(fc.oneof(pcapFile, pcapngFile), ({ file, told: all }) => {
        const { frames, end } = read(file);
        expect(end).toBeUndefined();
        expect(frames.map(told)).toEqual(all);
      }),
      { numRuns: 300 },
    );
  });

  test('cut at any byte, the frames that are whole are told, and that the rest is not', () => {
    fc.assert(
      fc.property(fc.oneof(pcapFile, pcapngFile), ({ file, ends, heads, told: all }) => {
        for (let length = 0; length < file.length; length += 1) {
          // What was behind the cut is still in memory, and no part of the file.
          const cut = file.subarray(0, length);
          const { frames, end } = read(cut);
          const whole = ends.filter((one) => one <= length).length - heads;
          expect(frames.map(told)).toEqual(all.slice(0, Math.max(0, whole)));
          expect(end === undefined).toBe(isCapture(cut) && ends.includes(length));
        }
      }),
      { numRuns: 40 },
    );
  });
});
