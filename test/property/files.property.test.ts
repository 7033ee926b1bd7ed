import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { steadyMs, unixMs } from '../../src/base/units.ts';
import type { Grant } from '../../src/grant/grant.ts';
import { decodeGrantLog, encodeGrantEvent, type GrantEvent } from '../../src/grant/record.ts';
import type { ReplayRecord } from '../../src/replay/cache.ts';
import { decodeJournal, encodeJournal, encodeRecord } from '../../src/replay/journal.ts';
import { SLOT_LENGTH } from '../../src/replay/slot-file.ts';
import { address, bytes, ports } from './arbitraries.ts';

const record: fc.Arbitrary<ReplayRecord> = fc.record({ digest: bytes(16), time: fc.maxSafeNat().map(unixMs) });
const records = fc.array(record, { maxLength: 12 });
const floor = fc.maxSafeNat().map(unixMs);

describe('the replay journal', () => {
  test('is read as it was written, at once or a record at a time', () => {
    fc.assert(
      fc.property(records, floor, fc.nat(5), (list, at, spare) => {
        const slots = list.length + spare;
        const whole = encodeJournal(slots, at, list);
        expect(whole.length).toBe(SLOT_LENGTH * (slots + 1));
        expect(decodeJournal(whole)).toEqual({ floor: at, records: list, damage: undefined });
        const grown = encodeJournal(slots, at, []);
        for (const [slot, one] of list.entries()) grown.set(encodeRecord(one, slot), SLOT_LENGTH * (slot + 1));
        expect(Buffer.compare(grown, whole)).toBe(0);
      }),
    );
  });

  test('shows any damage to the header or a record, and gives no record that was not written', () => {
    fc.assert(
      fc.property(records, floor, fc.nat(), fc.integer({ min: 1, max: 255 }), (list, at, place, change) => {
        const file = encodeJournal(list.length + 1, at, list);
        const index = place % file.length;
        file[index] = (file[index] ?? 0) ^ change;
        const journal = decodeJournal(file);
        expect(journal.damage).toBeDefined();
        const slot = Math.floor(index / SLOT_LENGTH) - 1;
        expect(journal.records).toEqual(slot < 0 ? [] : list.filter((_, number) => number !== slot));
      }),
    );
  });

  test('shows a write that was torn: the new record in part, the rest still zero', () => {
    fc.assert(
      fc.property(records, record, fc.integer({ min: 1, max: SLOT_LENGTH - 1 }), (list, next, written) => {
        const file = encodeJournal(list.length + 1, unixMs(0), list);
        const part = encodeRecord(next, list.length).subarray(0, written);
        fc.pre(part.some((byte) => byte !== 0));
        file.set(part, SLOT_LENGTH * (list.length + 1));
        const journal = decodeJournal(file);
        const isWhole = Buffer.compare(file.subarray(-SLOT_LENGTH), encodeRecord(next, list.length)) === 0;
        expect(journal.damage === undefined).toBe(isWhole);
        expect(journal.records).toEqual(isWhole ? [...list, next] : list);
      }),
    );
  });
});

describe('the grant log', () => {
  const now = { wall: unixMs(1_767_225_600_000), steady: steadyMs(50_000), boot: 'b' };
  const grant: fc.Arbitrary<Grant> = fc
    .record({
      id: fc.constantFrom('a', 'b', 'c', 'd'),
      stanza: fc.string({ unit: 'binary' }).filter((name) => name.isWellFormed()),
      address,
      ports: ports.filter((list) => list.length > 0),
      left: fc.integer({ min: -50_000, max: 50_000 }),
    })
    .map(({ left, ...rest }) => ({
      ...rest,
      ends: steadyMs(now.steady + left),
      until: unixMs(now.wall + left),
    }));
  const event: fc.Arbitrary<GrantEvent> = fc.oneof(
    { weight: 3, arbitrary: grant.map((one) => ({ kind: 'open', grant: one }) as const) },
    fc.constantFrom('a', 'b', 'c', 'd', 'e').map((id) => ({ kind: 'end', id }) as const),
  );

  /** The last word about each grant. */
  const expected = (events: readonly GrantEvent[]): Grant[] => {
    const live = new Map<string, Grant>();
    for (const one of events) {
      if (one.kind === 'open') live.set(one.grant.id, one.grant);
      else live.delete(one.id);
    }
    return [...live.values()];
  };
  const byId = (list: readonly Grant[]): Grant[] => [...list].sort((a, b) => a.id.localeCompare(b.id));

  test('gives the grants that no line has ended', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 20 }), fc.constantFrom('b', 'c', ''), (events, boot) => {
        const log = decodeGrantLog(events.map((one) => `${encodeGrantEvent(one, now)}\n`).join(''), { ...now, boot });
        expect(log.unreadable).toBe(0);
        expect(byId(log.grants)).toEqual(byId(expected(events)));
      }),
    );
  });

  test('torn at the end, it loses at most the last line', () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 8 }), fc.nat(), (events, chance) => {
        const lines = events.map((one) => `${encodeGrantEvent(one, now)}\n`);
        const last = lines.at(-1) ?? '';
        const left = lines.slice(0, -1).join('') + last.slice(0, chance % (last.length - 1));
        const log = decodeGrantLog(left, now);
        expect(log.unreadable).toBeLessThanOrEqual(1);
        expect(byId(log.grants)).toEqual(byId(expected(events.slice(0, -1))));
      }),
    );
  });
});
