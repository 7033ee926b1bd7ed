/** Changes as messages for the kernel. */
import { describe, expect, test } from 'vitest';
import { steadyMs } from '../../../src/base/units.ts';
import { changeBatch } from '../../../src/firewall/nft-batch.ts';
import type { FirewallChange } from '../../../src/firewall/opening.ts';
import { forwardingTo, openingOf } from './openings.ts';

const NOW = steadyMs(1000);
const four = openingOf('192.0.2.1', 'tcp/22', 31_000);
const six = openingOf('2001:db8::7', 'udp/443', 31_000);

const hexOf = (changes: readonly FirewallChange[]): string | undefined => {
  const batch = changeBatch(changes, NOW);
  return batch && Buffer.from(batch).toString('hex');
};

/** What nft 1.0.6 sends for the script of the same, as recorded, without the numbers of messages and of sets. */
const BEGIN = '14000000100001000000000000000000' + '0000000a';
const END = '14000000110001000000000000000000' + '0000000a';
const NAMES4 = '01000000' + '0900010073706164000000000b0002006772616e74340000';
const NAMES6 = '01000000' + '0900010073706164000000000b0002006772616e74360000';
const KEY4 = '14000180' + '10000100' + 'c0000201' + '06000000' + '00160000';
const KEY6 = '20000180' + '1c000100' + '20010db8000000000000000000000007' + '11000000' + '01bb0000';
const DAY = '0c000400' + '0000000005265c00';

describe('a change', () => {
  test('is what nft sends of its script: added, deleted, added; then closed', () => {
    expect(
      hexOf([
        { close: [], open: [four] },
        { close: [six], open: [] },
      ]),
    ).toBe(
      BEGIN +
        ('54000000' + '0c0a0104' + '0000000000000000' + NAMES4 + '28000380' + '24000180' + DAY + KEY4) +
        ('48000000' + '0e0a0100' + '0000000000000000' + NAMES4 + '1c000380' + '18000180' + KEY4) +
        ('54000000' +
          '0c0a0104' +
          '0000000000000000' +
          NAMES4 +
          '28000380' +
          '24000180' +
          '0c000400' +
          '0000000000007530' +
          KEY4) +
        ('60000000' + '0c0a0104' + '0000000000000000' + NAMES6 + '34000380' + '30000180' + DAY + KEY6) +
        ('54000000' + '0e0a0500' + '0000000000000000' + NAMES6 + '28000380' + '24000180' + KEY6) +
        END,
    );
  });

  test('that has ended is deleted alone, and no part of a millisecond is lost', () => {
    const statements = (ends: number): number =>
      [...(hexOf([{ close: [], open: [openingOf('192.0.2.1', 'tcp/22', ends)] }]) ?? '').matchAll(/0c0a0[15]04/g)]
        .length;
    expect(statements(1000)).toBe(1);
    expect(statements(1000.1)).toBe(2);
    expect(hexOf([{ close: [], open: [openingOf('192.0.2.1', 'tcp/22', 1000.1)] }])).toContain(
      '0c0004000000000000000001',
    );
  });

  test('of years does not wrap', () => {
    const opening = openingOf('192.0.2.1', 'tcp/22', 1000 + 2 ** 33 + 5);
    expect(hexOf([{ close: [], open: [opening] }])).toContain('0c0004000000000200000005');
  });

  test('with a range, a forwarding or a cut is a matter of the script, whatever else there is', () => {
    const range = openingOf('192.0.2.1', 'tcp/8000-8010', 31_000);
    const forwarded = openingOf('192.0.2.1', 'tcp/80', 31_000, forwardingTo('10.0.0.5', 8080));
    for (const other of [range, forwarded, { ...four, cuts: true as const }]) {
      expect(hexOf([{ close: [], open: [six, other] }])).toBeUndefined();
      expect(hexOf([{ close: [other], open: [six] }])).toBeUndefined();
    }
  });

  test('of nothing, or of more than the kernel takes at once, is none', () => {
    expect(hexOf([{ close: [], open: [] }])).toBeUndefined();
    const change = { close: [], open: [four] };
    expect(hexOf(Array.from({ length: 400 }, () => change))).toBeDefined();
    expect(hexOf(Array.from({ length: 500 }, () => change))).toBeUndefined();
  });
});
