/** The gate of fwknop's format never throws, and its budget keeps its promises whatever comes in whichever order. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressFromBytes } from '../../src/base/address.ts';
import { unixMs } from '../../src/base/units.ts';
import { FairBudget } from '../../src/spa/fwknop/fair-budget.ts';
import { FwknopGate } from '../../src/spa/fwknop/gate.ts';
import { isHttpRequest, unwrapHttp } from '../../src/spa/fwknop/http.ts';
import { ascii, cidr, ip } from '../unit/values.ts';

const bytes = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });
const letters = fc
  .array(fc.constantFrom('A', 'B', 'h', 'Q', '8', '+', '/', '=', '-', '_', 'G', ' ', '\r', '\n'), { maxLength: 1600 })
  .map((list) => ascii(list.join('')));
const address = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
);

test('the gate takes any bytes from anywhere', () => {
  const kinds = { rijndael: true, gpg: true, sources: [cidr('0.0.0.0/1'), cidr('2000::/3')] };
  const keys = (['sha256', 'sha3_512'] as const).map((type) => ({ hmac: { type, key: ascii('k') }, ...kinds }));
  const gate = new FwknopGate({ keys, unkeyed: kinds }, { salt: 7 });
  const prefixed = fc.tuple(fc.constantFrom('8', '9', 'hQ', 'EMA3', 'F4D'), letters).map(([head, rest]) => {
    return Uint8Array.from([...ascii(head), ...rest]);
  });
  fc.assert(
    fc.property(fc.oneof(bytes(1600), letters, prefixed), address, fc.double(), (text, source, now) => {
      const verdict = gate.check(text, addressFromBytes(source), unixMs(now));
      expect(typeof verdict === 'string' || verdict.key === undefined).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test('an HTTP request of any bytes', () => {
  const options = { anyUserAgent: true, forwardedFor: true };
  fc.assert(
    fc.property(fc.oneof(bytes(400), letters), (rest) => {
      const request = Uint8Array.from([...ascii('GET /'), ...rest]);
      expect(isHttpRequest(request)).toBe(true);
      const unwrapped = unwrapHttp(request, options);
      if (typeof unwrapped !== 'string') expect(unwrapped.text.length).toBeLessThanOrEqual(rest.length);
    }),
  );
});

/** Networks that the salt below puts into places of their own; which one is loud is drawn. */
const NETWORKS = Array.from({ length: 12 }, (_, index) => ip(`198.51.${String(index)}.1`));
const LIMITS = { perSecond: 1000, burst: 500, share: 100 };

test('no more is spent than the burst and what has come since', () => {
  const step = fc.record({ wait: fc.nat({ max: 500 }), network: fc.nat({ max: 11 }), wish: fc.nat({ max: 300 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const budget = new FairBudget(LIMITS, 1);
      let now = 0;
      let spent = 0;
      for (const { wait, network, wish } of steps) {
        now += wait;
        const source = NETWORKS[network] ?? ip('192.0.2.1');
        const units = Math.min(wish, budget.allowance(source, unixMs(now)));
        budget.spend(source, units);
        spent += units;
        expect(units).toBeGreaterThanOrEqual(0);
        expect(spent).toBeLessThanOrEqual(LIMITS.burst + (now * LIMITS.perSecond) / 1000);
      }
    }),
  );
});

test('loud networks, however many and greedy, leave a quiet one its share after a moment', () => {
  const shape = fc.record({ loud: fc.integer({ min: 1, max: 12 }), step: fc.integer({ min: 1, max: 40 }) });
  fc.assert(
    fc.property(shape, fc.integer(), ({ loud, step }, salt) => {
      const budget = new FairBudget(LIMITS, salt);
      for (let now = 0; now < 6000; now += step) {
        for (const source of NETWORKS.slice(0, loud)) budget.spend(source, budget.allowance(source, unixMs(now)));
        // Longer than all shares and the burst take to be spent, and half of the burst to come again.
        if (now > 4000) expect(budget.allowance(ip('2001:db8::1'), unixMs(now))).toBeGreaterThanOrEqual(LIMITS.share);
      }
    }),
    // Of 12 networks and the quiet one some share a place once in 300 salts; with a seed none does.
    { seed: 62_201 },
  );
});
