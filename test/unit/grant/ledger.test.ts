import { describe, expect, test } from 'vitest';
import { formatAllowed } from '../../../src/base/allow-address.ts';
import { steadyMs } from '../../../src/base/units.ts';
import type { Grant } from '../../../src/grant/grant.ts';
import { Ledger } from '../../../src/grant/ledger.ts';
import { grantOf, ip, ports } from '../values.ts';

const NOW = steadyMs(0);

const wish = (stanza: string, address: string, list: string): Pick<Grant, 'stanza' | 'address' | 'ports'> => ({
  ...{ stanza, address: ip(address), ports: ports(list) },
});

const ledgerOf = (...grants: readonly Grant[]): Ledger => {
  const ledger = new Ledger(100);
  for (const grant of grants) ledger.put(grant);
  return ledger;
};

describe('the ledger', () => {
  const ssh = grantOf('192.0.2.1', 'tcp/22', 1000);
  const web = grantOf('192.0.2.1', 'tcp/80 tcp/443', 2000);
  const bob = grantOf('192.0.2.1', 'tcp/22', 3000, { stanza: 'bob' });
  const six = grantOf('2001:db8::1', 'tcp/22', 500);
  const all = [ssh, web, bob, six];

  test('finds the grant that asking again extends: same stanza, address and ports', () => {
    const ledger = ledgerOf(...all);
    expect(ledger.find(wish('alice', '192.0.2.1', 'tcp/22'), NOW)).toBe(ssh);
    expect(ledger.find(wish('alice', '192.0.2.1', 'tcp/443 tcp/80'), NOW)).toBe(web);
    expect(ledger.find(wish('bob', '192.0.2.1', 'tcp/22'), NOW)).toBe(bob);
    expect(ledger.find(wish('alice', '192.0.2.1', 'tcp/80'), NOW)).toBeUndefined();
    expect(ledger.find(wish('alice', '192.0.2.2', 'tcp/22'), NOW)).toBeUndefined();
    expect(ledger.find(wish('carol', '192.0.2.1', 'tcp/22'), NOW)).toBeUndefined();
  });

  test('does not find a grant that is over, though no sweep has come yet', () => {
    const again = { ...ssh, id: 'again', ends: steadyMs(5000) };
    const ledger = ledgerOf(ssh, again);
    expect(ledger.find(wish('alice', '192.0.2.1', 'tcp/22'), steadyMs(999))).toBe(ssh);
    expect(ledger.find(wish('alice', '192.0.2.1', 'tcp/22'), steadyMs(1000))).toBe(again);
  });

  test('the same id replaces', () => {
    const ledger = ledgerOf(...all);
    ledger.put({ ...ssh, ends: steadyMs(9000) });
    expect(ledger.size).toBe(4);
    expect(ledger.find(wish('alice', '192.0.2.1', 'tcp/22'), NOW)?.ends).toBe(9000);
  });

  test('knows what each address holds', () => {
    const ledger = ledgerOf(...all);
    expect(ledger.forAddress(ip('192.0.2.1'))).toEqual([ssh, web, bob]);
    expect(ledger.forAddress(ip('2001:0db8:0::1'))).toEqual([six]);
    expect(ledger.forAddress(ip('192.0.2.9'))).toEqual([]);
    expect(ledger.addresses().map(formatAllowed)).toEqual(['192.0.2.1', '2001:db8::1']);
    expect([...ledger.all()]).toHaveLength(4);
  });

  test('removing twice, or what was never there, changes nothing', () => {
    const ledger = ledgerOf(...all);
    for (const grant of [ssh, ssh, grantOf('192.0.2.1', 'tcp/22', 1)]) ledger.remove(grant);
    expect(ledger.size).toBe(3);
    for (const grant of all) ledger.remove(grant);
    expect([ledger.size, ledger.addresses().length]).toEqual([0, 0]);
  });

  test('a close covers the grants inside its ports, or all of the stanza', () => {
    const ledger = ledgerOf(...all);
    const owned = (stanza: string, list: string) => ledger.ownedBy(stanza, ip('192.0.2.1'), ports(list));
    expect(owned('alice', '')).toEqual([ssh, web]);
    expect(owned('alice', 'tcp/22')).toEqual([ssh]);
    expect(owned('alice', 'tcp/80')).toEqual([]);
    expect(owned('alice', 'tcp/80 tcp/443')).toEqual([web]);
    expect(owned('alice', 'tcp/1-65535')).toEqual([ssh, web]);
    expect(owned('bob', '')).toEqual([bob]);
    expect(owned('carol', '')).toEqual([]);
  });

  test('a grant ends at its end, not a millisecond before', () => {
    const ledger = ledgerOf(...all);
    expect(ledger.expire(steadyMs(499))).toEqual([]);
    expect(ledger.expire(steadyMs(500))).toEqual([six]);
    expect(ledger.expire(steadyMs(500))).toEqual([]);
    expect(ledger.expire(steadyMs(2500))).toEqual([ssh, web]);
    expect(ledger.expire(steadyMs(2500))).toEqual([]);
    expect([...ledger.all()]).toEqual([bob]);
  });

  test('an extended grant ends at its new end', () => {
    const ledger = ledgerOf(ssh);
    ledger.put({ ...ssh, ends: steadyMs(5000) });
    expect(ledger.expire(steadyMs(4999))).toEqual([]);
    expect(ledger.expire(steadyMs(5000))).toHaveLength(1);
  });

  test('a grant put after others have ended ends too', () => {
    const ledger = ledgerOf(ssh);
    ledger.expire(steadyMs(1000));
    ledger.put(grantOf('192.0.2.2', 'tcp/22', 1500));
    expect(ledger.expire(steadyMs(1500))).toHaveLength(1);
  });

  test('room', () => {
    const ledger = new Ledger(2);
    expect([ledger.hasRoom(2), ledger.hasRoom(3)]).toEqual([true, false]);
    ledger.put(ssh);
    expect([ledger.hasRoom(1), ledger.hasRoom(2)]).toEqual([true, false]);
    ledger.put(ssh);
    expect(ledger.hasRoom(1)).toBe(true);
    ledger.remove(ssh);
    expect(ledger.hasRoom(2)).toBe(true);
  });
});
