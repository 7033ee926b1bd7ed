import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normalizePorts } from '../../src/base/port-spec.ts';
import { steadyMs, unixMs } from '../../src/base/units.ts';
import { changeBetween, layOpenings, type Opening, openingKey } from '../../src/firewall/opening.ts';
import type { Grant } from '../../src/grant/grant.ts';
import { ip } from '../unit/values.ts';
import { portSpec } from './arbitraries.ts';

/** Grants of one address; few ends, so that they often end together. */
const grants: fc.Arbitrary<Grant[]> = fc.array(
  fc
    .record({ ports: fc.array(portSpec, { minLength: 1, maxLength: 4 }), ends: fc.integer({ min: 1, max: 5 }) })
    .map(({ ports, ends }): Grant => ({
      id: 'g1',
      stanza: 'alice',
      address: ip('192.0.2.1'),
      ports: normalizePorts(ports),
      ends: steadyMs(ends),
      until: unixMs(ends),
    })),
  { maxLength: 6 },
);

/** The end of every port (0 where it is shut), TCP then UDP: what the openings mean, with no cleverness. */
type Ends = Uint8Array;

const endsByGrants = (list: readonly Grant[]): Ends => {
  const ends = new Uint8Array(2 * 65_536);
  for (const grant of list) {
    for (const { protocol, first, last } of grant.ports) {
      const base = protocol === 'tcp' ? 0 : 65_536;
      for (let at = base + first; at <= base + last; at += 1) ends[at] = Math.max(ends[at] ?? 0, grant.ends);
    }
  }
  return ends;
};

/** Throws where two openings overlap: a kernel's interval set refuses that. */
const endsByOpenings = (openings: Iterable<Opening>): Ends => {
  const ends = new Uint8Array(2 * 65_536);
  for (const { protocol, first, last, ends: end } of openings) {
    const base = protocol === 'tcp' ? 0 : 65_536;
    for (let at = base + first; at <= base + last; at += 1) {
      if (ends[at] !== 0) throw new Error(`${protocol}/${String(at - base)} is in two openings`);
      ends[at] = end;
    }
  }
  return ends;
};

const same = (a: Ends, b: Ends): boolean => Buffer.compare(a, b) === 0;

describe('openings', () => {
  test('each port is open exactly as long as the longest grant over it, in one opening', () => {
    fc.assert(
      fc.property(grants, (list) => {
        expect(same(endsByOpenings(layOpenings(list)), endsByGrants(list))).toBe(true);
      }),
    );
  });

  test('are in order, and as few as can be', () => {
    fc.assert(
      fc.property(grants, (list) => {
        const openings = layOpenings(list);
        for (const [index, next] of openings.entries()) {
          const previous = openings[index - 1];
          if (previous === undefined) continue;
          if (previous.protocol !== next.protocol) expect([previous.protocol, next.protocol]).toEqual(['tcp', 'udp']);
          else if (previous.ends === next.ends) expect(next.first).toBeGreaterThan(previous.last + 1);
          else expect(next.first).toBeGreaterThan(previous.last);
        }
      }),
    );
  });

  test('do not depend on the order of the grants', () => {
    fc.assert(
      fc.property(grants, (list) => {
        expect(layOpenings([...list].reverse())).toEqual(layOpenings(list));
      }),
    );
  });
});

describe('a change', () => {
  /** A firewall that is told to close, then to open, and never holds overlapping openings. */
  const carryOut = (before: readonly Opening[], after: readonly Opening[]): Map<string, Opening> => {
    const held = new Map(before.map((opening) => [openingKey(opening), opening]));
    const { close, open } = changeBetween(before, after);
    for (const opening of close) if (!held.delete(openingKey(opening))) throw new Error('closes what is not open');
    for (const opening of open) {
      held.delete(openingKey(opening));
      held.set(openingKey(opening), opening);
      endsByOpenings(held.values());
    }
    return held;
  };

  test('leads from any state to any other', () => {
    fc.assert(
      fc.property(grants, grants, (a, b) => {
        const [before, after] = [layOpenings(a), layOpenings(b)];
        const held = carryOut(before, after);
        expect(held.size).toBe(after.length);
        for (const opening of after) expect(held.get(openingKey(opening))).toEqual(opening);
      }),
      { numRuns: 60 },
    );
  });

  test('of nothing is nothing; what stays is not touched', () => {
    fc.assert(
      fc.property(grants, grants, (a, b) => {
        const before = layOpenings(a);
        expect(changeBetween(before, layOpenings([...a]))).toEqual({ close: [], open: [] });
        const after = layOpenings([...a, ...b]);
        const stays = new Set(before.map((opening) => `${openingKey(opening)} ${String(opening.ends)}`));
        for (const opening of changeBetween(before, after).open)
          expect(stays.has(`${openingKey(opening)} ${String(opening.ends)}`)).toBe(false);
      }),
    );
  });
});
