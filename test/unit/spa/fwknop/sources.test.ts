import { describe, expect, test } from 'vitest';
import { RecentKeys } from '../../../../src/spa/fwknop/recent-keys.ts';
import { SourceIndex } from '../../../../src/spa/fwknop/source-index.ts';
import { cidr, ip } from '../../values.ts';

describe('an index of sources', () => {
  const lists: readonly (readonly string[])[] = [
    ['0.0.0.0/0', '::/0', '192.0.2.0/24'],
    ['192.0.2.0/24', '192.0.2.7', '192.0.2.0/24'],
    ['192.0.2.128/25', '2001:db8::/33'],
    ['192.0.2.7'],
    [],
  ];
  const index = new SourceIndex();
  for (const [member, list] of lists.entries()) index.add(member, list.map(cidr));
  const find = (address: string): number[] => index.find(ip(address)).flat();

  test.each([
    ['192.0.2.7', [0, 1, 3]],
    ['192.0.2.8', [0, 1]],
    ['192.0.2.200', [0, 1, 2]],
    ['198.51.100.1', [0]],
    ['2001:db8:7fff::1', [0, 2]],
    ['2001:db8:8000::1', [0]],
  ])('%s is in %j, each once', (address, expected) => {
    expect(find(address).sort()).toEqual(expected);
  });
});

test('the address that is looked for stays as it is, also where it is part of a captured frame', () => {
  const index = new SourceIndex();
  index.add(0, [cidr('10.99.0.2/31')]);
  const bytes = Buffer.from([10, 99, 0, 3]);
  expect(index.find({ family: 4, bytes })).toEqual([[0]]);
  expect([...bytes]).toEqual([10, 99, 0, 3]);
});

describe('recent keys', () => {
  test('the last one of a source counts', () => {
    const recent = new RecentKeys(2);
    recent.remember('a', 0);
    recent.remember('a', 1);
    expect(recent.find('a')).toBe(1);
    expect(recent.find('b')).toBeUndefined();
    expect(recent.size).toBe(1);
  });

  test('a key under a million sources makes no other key’s sources forgotten, and memory is bounded', () => {
    const recent = new RecentKeys(5000);
    recent.remember('honest', 7);
    for (let index = 0; index < 1_000_000; index += 1) recent.remember(`s${String(index)}`, 8);
    expect(recent.find('honest')).toBe(7);
    expect(recent.size).toBeLessThanOrEqual(1 + 4);
  });

  test('whoever was heard from last stays', () => {
    const recent = new RecentKeys(5000);
    for (const source of ['a', 'b', 'c', 'd']) recent.remember(source, 0);
    recent.remember('a', 0);
    recent.remember('e', 0);
    expect(recent.find('a')).toBe(0);
    expect(recent.find('b')).toBeUndefined();
  });
});
