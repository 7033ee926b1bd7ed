/** Questions and answers of nftables in the kernel; the hexadecimal ones were recorded on Linux 6.18. */
import { describe, expect, test } from 'vitest';
import { OwnSteps } from '../../../server/firewall/generation.ts';
import { readCounter } from '../../../server/firewall/kernel-counter.ts';
import { attributesOf, isDone, nestedIn, request } from '../../../server/firewall/netlink.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A counter "dropped" of a table "t3": 517 packets of 0x1a2b3c bytes; the figures were put in by hand. */
const ANSWER = bytes(
  '60000000120a000000000000fb4478c801000026' +
    '0700010074330000' +
    '0c00020064726f7070656400' +
    '0800030000000001' +
    '0c0006000000000000000001' +
    '0800050000000000' +
    '1c000400' +
    '0c00010000000000001a2b3c' +
    '0c0002000000000000000205',
);

describe('a question', () => {
  test('for a counter is what the kernel takes', () => {
    const question = request(19, 1, [
      [1, ascii('t3\0')],
      [2, ascii('dropped\0')],
      [3, Uint8Array.of(0, 0, 0, 1)],
    ]);
    expect(Buffer.from(question).toString('hex')).toBe(
      '30000000130a010000000000000000000100000007000100743300000c00020064726f70706564000800030000000001',
    );
  });
});

describe('an answer', () => {
  test('tells the packets', () => {
    expect(readCounter(ANSWER)).toBe(517);
  });

  test('that is an error, another message or cut short tells nothing', () => {
    const error = ANSWER.slice();
    error[4] = 2;
    error[5] = 0;
    expect(readCounter(error)).toBeUndefined();
    for (let length = 0; length < ANSWER.length; length += 1)
      expect(readCounter(ANSWER.subarray(0, length))).toBeUndefined();
  });

  test('says whether a batch was carried out', () => {
    const done = bytes('2400000002000000000000003c1f0000' + '00000000' + '540000000c0a050400000000');
    expect(isDone(done)).toBe(true);
    expect(isDone(undefined)).toBe(false);
    expect(isDone(ANSWER)).toBe(false);
    expect(isDone(done.subarray(0, 19))).toBe(false);
    // ENOENT
    const refused = done.slice();
    refused.set(bytes('feffffff'), 16);
    expect(isDone(refused)).toBe(false);
  });

  test('with a length that lies is none', () => {
    expect(nestedIn(bytes('0300010000000000'))).toBeUndefined();
    expect(nestedIn(bytes('0900010000000000'))).toBeUndefined();
    expect(attributesOf(ANSWER, 18)?.size).toBe(6);
  });
});

test('own steps do not show in the generation, others do', () => {
  let generation: number | undefined = 40;
  const steps = new OwnSteps();
  const seen = steps.without(() => generation);
  const before = seen();
  generation = 41;
  steps.note();
  expect(seen()).toBe(before);
  generation = 42;
  expect(seen()).not.toBe(before);
  generation = undefined;
  expect(seen()).toBeUndefined();
});
