/** Hosts and networks that a grant lets in: two spellings never, and no two networks that overlap. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cidrContains } from '../../../src/base/address.ts';
import { containsAllowed, formatAllowed, parseAllowed, widen } from '../../../src/base/allow-address.ts';
import { address } from '../../property/arbitraries.ts';
import { cidr, ip, present } from '../values.ts';

describe('text', () => {
  test.each(['192.0.2.1', '2001:db8::5', '2001:db8::/64', '::/64'])('%s', (text) =>
    expect(formatAllowed(present(parseAllowed(text)))).toBe(text),
  );
  test.each(['2001:db8::5/64', '2001:db8::/63', '2001:db8::/65', '192.0.2.0/24', '0.0.0.0/0', '::/0', 'host', ''])(
    'none: %s',
    (text) => expect(parseAllowed(text)).toBeUndefined(),
  );
});

test('a network is in what is as wide or wider, and not in a part of it', () => {
  const network = widen(ip('2001:db8::5'));
  expect(['::/0', '2001:db8::/32', '2001:db8::/64'].every((one) => containsAllowed(cidr(one), network))).toBe(true);
  expect(['2001:db8::/65', '2001:db8:0:1::/64', '0.0.0.0/0'].some((one) => containsAllowed(cidr(one), network))).toBe(
    false,
  );
});

test('networks are equal or have no address in common', () => {
  fc.assert(
    fc.property(address, address, (a, b) => {
      const [one, other] = [widen(a), widen(b)];
      expect(parseAllowed(formatAllowed(one))).toEqual(one);
      if (one.prefix === undefined || other.prefix === undefined) return;
      const holds = cidrContains(cidr(formatAllowed(one)), b);
      expect(holds).toBe(formatAllowed(one) === formatAllowed(other));
    }),
  );
});
