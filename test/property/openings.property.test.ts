import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normalizePorts, parsePortSpec, type Protocol } from '../../src/base/port-spec.ts';
import { steadyMs, unixMs } from '../../src/base/units.ts';
import { type Forwarding, forwardingKey, forwardingMisfit } from '../../src/grant/forwarding.ts';
import {
  type AddressGrants,
  changeBetween,
  changeOfGrants,
  layOpenings,
  type Opening,
  openingKey,
} from '../../src/firewall/opening.ts';
import type { Grant } from '../../src/grant/grant.ts';
import { ip, portOf, present } from '../unit/values.ts';
import { portSpec } from './arbitraries.ts';

const PLACES: readonly (Forwarding | undefined)[] = [
  undefined,
  { to: ip('10.0.0.5'), port: portOf(22), source: 'client' },
  { to: ip('10.0.0.5'), port: undefined, source: 'client' },
  { to: undefined, port: portOf(8022), source: 'client' },
];

/** Grants of one address, oldest first; few ends and few ports, so that they often meet. */
const grantsThat = (
  place: fc.Arbitrary<Forwarding | undefined>,
  { spec = portSpec, most = 6, ends = 5 } = {},
): fc.Arbitrary<Grant[]> =>
  fc.array(
    fc
      .record({
        ports: fc.array(spec, { minLength: 1, maxLength: 4 }),
        ends: fc.integer({ min: 1, max: ends }),
        place,
      })
      .map(({ ports, ends, place: forwarding }): Grant => ({
        ...{ id: 'g1', stanza: 'alice', address: ip('192.0.2.1'), ends: steadyMs(ends), until: unixMs(ends) },
        ports: normalizePorts(
          forwarding?.port === undefined ? ports : ports.map((spec) => ({ ...spec, last: spec.first })),
        ),
        forwarding,
      }))
      // Neighbours among single ports have become a range, which is never forwarded to another port.
      .filter(
        ({ forwarding, ports }) => forwarding === undefined || forwardingMisfit(forwarding, [4], ports) === undefined,
      ),
    { maxLength: most },
  );

const grants = grantsThat(fc.constant(undefined));
const forwarded = grantsThat(fc.constantFrom(...PLACES));
/** Many grants over few ports. */
const crowded = grantsThat(fc.constantFrom(...PLACES), {
  spec: fc
    .tuple(fc.nat(40), fc.nat(8))
    .map(([first, length]) => present(parsePortSpec(`tcp/${first + 1}-${first + 1 + length}`))),
  most: 40,
  ends: 50,
});

/** Where connections to a port go at a moment: the newest grant that lives then says it, port by port and plainly. */
const placeByGrants = (
  list: readonly Grant[],
  protocol: Protocol,
  port: number,
  moment: number,
): string | undefined => {
  const over = list.filter(
    ({ ends, ports }) =>
      ends > moment && ports.some((spec) => spec.protocol === protocol && spec.first <= port && port <= spec.last),
  );
  const winner = over.at(-1);
  return winner === undefined ? undefined : forwardingKey(winner.forwarding);
};

const placeByOpenings = (
  list: readonly Opening[],
  protocol: Protocol,
  port: number,
  moment: number,
): string | undefined => {
  const over = list.filter(
    (spec) => spec.ends > moment && spec.protocol === protocol && spec.first <= port && port <= spec.last,
  );
  if (over.length > 1) throw new Error(`${protocol}/${String(port)} is in two openings`);
  return over[0] === undefined ? undefined : forwardingKey(over[0].forwarding);
};

/** The ports at which anything can change, and their neighbours. */
const edgesOf = (list: readonly Grant[]): [Protocol, number][] =>
  list.flatMap(({ ports }) =>
    ports.flatMap(({ protocol, first, last }) =>
      [first - 1, first, last, last + 1].map((port): [Protocol, number] => [protocol, port]),
    ),
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

/** The openings as they are defined: at each port the newest span over it, on while what follows it goes to the same place. */
const layNaively = (list: readonly Grant[]): Opening[] => {
  const openings: Opening[] = [];
  for (const protocol of ['tcp', 'udp'] as const) {
    const spans = list.flatMap((grant) =>
      grant.ports.filter((spec) => spec.protocol === protocol).map((spec) => ({ ...grant, ...spec })),
    );
    const edges = [...new Set(spans.flatMap(({ first, last }) => [first, last + 1]))].sort((a, b) => a - b);
    for (const [index, first] of edges.entries()) {
      const over = spans.filter((span) => span.first <= first && first <= span.last).reverse();
      let [winner] = over;
      for (const older of over) {
        if (winner === undefined || older.ends <= winner.ends) continue;
        if (forwardingKey(older.forwarding) !== forwardingKey(winner.forwarding)) break;
        winner = older;
      }
      if (winner === undefined) continue;
      const { address, ends, forwarding } = winner;
      const last = (edges[index + 1] ?? 65_536) - 1;
      const previous = openings.at(-1);
      const isOne =
        previous !== undefined &&
        previous.protocol === protocol &&
        previous.last + 1 === first &&
        previous.ends === ends &&
        forwardingKey(previous.forwarding) === forwardingKey(forwarding) &&
        forwarding?.port === undefined;
      const start = isOne ? openings.pop()?.first : portOf(first);
      const place = forwarding === undefined ? {} : { forwarding };
      openings.push({ address, ends, ...place, protocol, first: start ?? portOf(first), last: portOf(last) });
    }
  }
  return openings;
};

const same = (a: Ends, b: Ends): boolean => Buffer.compare(a, b) === 0;

describe('openings', () => {
  test('are those of the definition, port by port', () => {
    fc.assert(
      fc.property(fc.oneof(forwarded, crowded), (list) => {
        expect(layOpenings(list)).toEqual(layNaively(list));
      }),
      { numRuns: 300 },
    );
  });

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

describe('forwarding', () => {
  test('goes where the newest live grant says, for as long as the openings last; what follows is laid when it ends', () => {
    fc.assert(
      fc.property(forwarded, (list) => {
        // As the daemon does: laid anew whenever a grant has ended.
        for (let moment = 0; moment < 5; moment += 1) {
          const openings = layOpenings(list.filter(({ ends }) => ends > moment));
          for (const [protocol, port] of edgesOf(list)) {
            expect(placeByOpenings(openings, protocol, port, moment)).toBe(placeByGrants(list, protocol, port, moment));
          }
        }
      }),
    );
  });

  test('the kernel alone never sends anybody where no live grant says', () => {
    fc.assert(
      fc.property(forwarded, (list) => {
        const openings = layOpenings(list);
        for (const [protocol, port] of edgesOf(list)) {
          for (let moment = 0; moment < 5; moment += 1) {
            const place = placeByOpenings(openings, protocol, port, moment);
            if (place !== undefined) expect(place).toBe(placeByGrants(list, protocol, port, moment));
          }
        }
      }),
    );
  });

  test('a port that changes is never part of a range', () => {
    fc.assert(
      fc.property(forwarded, (list) => {
        for (const { first, last, forwarding } of layOpenings(list))
          if (forwarding?.port !== undefined) expect(last).toBe(first);
      }),
    );
  });
});

describe('a change', () => {
  const plain = (live: readonly Grant[]): AddressGrants => ({ live, cutting: [] });

  test('is the same where only what hangs together with its ports is laid anew', () => {
    fc.assert(
      fc.property(crowded, fc.nat(30), fc.nat(30), (list, from, count) => {
        const touched = list.slice(from, from + count);
        const ports = touched.flatMap((grant) => grant.ports);
        const rest = list.filter((grant) => !touched.includes(grant));
        const all = changeBetween(layOpenings(list), layOpenings(rest));
        expect(changeOfGrants(plain(list), plain(rest), ports)).toEqual(all);
        expect(changeOfGrants(plain(rest), plain(list), ports)).toEqual(
          changeBetween(layOpenings(rest), layOpenings(list)),
        );
      }),
    );
  });

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
      fc.property(forwarded, forwarded, (a, b) => {
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
      fc.property(forwarded, forwarded, (a, b) => {
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
