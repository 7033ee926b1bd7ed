import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addressFromBytes,
  cidrContains,
  compareCidr,
  formatAddress,
  formatCidr,
  hasHostBits,
  parseAddress,
  parseCidr,
} from '../../src/base/address.ts';
import {
  coversPorts,
  formatPortSpec,
  normalizePorts,
  type PortSpec,
  parsePortSpec,
  samePorts,
} from '../../src/base/port-spec.ts';
import { printable } from '../../src/base/printable.ts';
import { formatDuration, parseDuration, seconds } from '../../src/base/units.ts';
import { decodeBase64, decodeHex, decodeUtf8, encodeBase64, encodeHex, encodeUtf8 } from '../../src/bytes/encoding.ts';
import { address, cidr, portSpec, portSpecs } from './arbitraries.ts';

const holds = <T>(arbitrary: fc.Arbitrary<T>, check: (value: T) => void): void => {
  fc.assert(
    fc.property(arbitrary, (value) => {
      check(value);
    }),
  );
};

describe('what is written is read back', () => {
  test('addresses', () => {
    holds(address, (one) => expect(parseAddress(formatAddress(one))).toEqual(one));
  });

  test('addresses from any bytes, in any case of letters', () => {
    holds(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      const one = addressFromBytes(bytes);
      expect(parseAddress(formatAddress(one).toUpperCase())).toEqual(one);
    });
  });

  test('prefixes', () => {
    holds(cidr, (one) => expect(parseCidr(formatCidr(one))).toEqual(one));
  });

  test('port specs', () => {
    holds(portSpec, (one) => expect(parsePortSpec(formatPortSpec(one))).toEqual(one));
  });

  test('durations', () => {
    holds(fc.integer({ min: 0, max: 0xffff_ffff }).map(seconds), (one) =>
      expect(parseDuration(formatDuration(one))).toBe(one),
    );
  });

  test('base64 and hexadecimal, as Node writes them', () => {
    holds(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
      expect(encodeHex(bytes)).toBe(Buffer.from(bytes).toString('hex'));
      expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes);
      expect(decodeHex(encodeHex(bytes))).toEqual(bytes);
    });
  });

  test('well-formed text', () => {
    holds(fc.string({ unit: 'binary' }), (text) => expect(decodeUtf8(encodeUtf8(text))).toBe(text));
  });
});

describe('one spelling', () => {
  test('base64 that is read is what would be written', () => {
    holds(
      fc.string({ unit: fc.constantFrom('A', 'Z', 'a', 'z', '0', '9', '+', '/', '=', '-', '_', ' ', '\n') }),
      (text) => {
        const bytes = decodeBase64(text);
        if (bytes !== undefined) expect(encodeBase64(bytes)).toBe(text);
      },
    );
  });

  test('IPv6 texts that Node takes for addresses are read, others are not', () => {
    const token = fc.constantFrom('0', '1', 'ab', 'FFFF', '12345', 'g', ':', ':', ':', ':', '::', '1.2.3.4', '.5', '');
    holds(
      fc.array(token, { maxLength: 18 }).map((tokens) => `:${tokens.join('')}`),
      (text) => {
        for (const one of [text, text.slice(1)].filter((candidate) => candidate.includes(':')))
          expect(parseAddress(one) !== undefined, one).toBe(URL.canParse(`http://[${one}]/`));
      },
    );
  });
});

describe('prefixes against bits', () => {
  const bits = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');

  test('an address is inside if and only if its first bits are those', () => {
    holds(fc.tuple(cidr, address), ([network, one]) => {
      const inside =
        network.address.family === one.family &&
        bits(one.bytes).startsWith(bits(network.address.bytes).slice(0, network.prefix));
      expect(cidrContains(network, one)).toBe(inside);
      expect(cidrContains(network, network.address)).toBe(true);
    });
  });

  test('bits beyond the prefix', () => {
    holds(fc.tuple(address, fc.nat(128)), ([one, number]) => {
      const prefix = number % (8 * one.bytes.length + 1);
      expect(hasHostBits({ address: one, prefix })).toBe(bits(one.bytes).slice(prefix).includes('1'));
    });
  });

  test('the order is total', () => {
    holds(fc.tuple(cidr, cidr, cidr), ([a, b, c]) => {
      expect(Math.sign(compareCidr(a, b)) + Math.sign(compareCidr(b, a))).toBe(0);
      expect(compareCidr(a, b) === 0).toBe(formatCidr(a) === formatCidr(b));
      if (compareCidr(a, b) <= 0 && compareCidr(b, c) <= 0) expect(compareCidr(a, c)).toBeLessThanOrEqual(0);
    });
  });
});

describe('the canonical list of ports', () => {
  /** The ports as two bit maps. */
  const portSet = (specs: readonly PortSpec[]): Uint8Array => {
    const set = new Uint8Array(2 * 65_536);
    for (const { protocol, first, last } of specs) {
      const base = protocol === 'tcp' ? 0 : 65_536;
      set.fill(1, base + first, base + last + 1);
    }
    return set;
  };
  const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

  test('means the same ports, is stable, and does not depend on the order', () => {
    holds(fc.tuple(portSpecs, fc.infiniteStream(fc.nat())), ([specs, chance]) => {
      const canonical = normalizePorts(specs);
      expect(same(portSet(canonical), portSet(specs))).toBe(true);
      expect(normalizePorts(canonical)).toEqual(canonical);
      const keyed = specs.map((spec) => [chance.next().value ?? 0, spec] as const);
      const shuffled = keyed.sort(([a], [b]) => a - b).map(([, spec]) => spec);
      expect(normalizePorts(shuffled)).toEqual(canonical);
    });
  });

  test('two lists are the same if and only if their ports are', () => {
    holds(fc.tuple(portSpecs, portSpecs), ([a, b]) => {
      expect(samePorts(normalizePorts(a), normalizePorts(b))).toBe(same(portSet(a), portSet(b)));
    });
  });

  test('covers if and only if no port is missing', () => {
    holds(fc.tuple(portSpecs, portSpec), ([allowed, wanted]) => {
      const set = portSet(allowed);
      const base = wanted.protocol === 'tcp' ? 0 : 65_536;
      const covered = set.subarray(base + wanted.first, base + wanted.last + 1).every((bit) => bit === 1);
      expect(coversPorts(normalizePorts(allowed), wanted)).toBe(covered);
    });
  });
});

test('text made safe has no control, no format character and no lone surrogate, whatever it was', () => {
  holds(fc.tuple(fc.string({ unit: 'binary' }), fc.string(), fc.nat(300)), ([a, b, limit]) => {
    const safe = printable(a + b, limit);
    expect(safe).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    expect(safe.isWellFormed()).toBe(true);
  });
});
