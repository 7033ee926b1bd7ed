import { describe, expect, test } from 'vitest';
import { DEFAULT_SPA_PORT, formatDuration, parseDuration, parsePort, port, seconds } from '../../../src/base/units.ts';

describe('ports', () => {
  test('whole numbers from 1 to 65535', () => {
    expect([1, 22, 65_535].map(port)).toEqual([1, 22, 65_535]);
    expect([0, -1, 65_536, 22.5, Number.NaN, Number.POSITIVE_INFINITY].map(port)).toEqual(Array(6).fill(undefined));
  });

  test('one spelling', () => {
    expect(parsePort('22')).toBe(22);
    expect(parsePort('65535')).toBe(65_535);
    for (const text of ['', '0', '022', '+22', '-22', '22 ', ' 22', '2.2', '65536', '99999', '100000', '1e3', '0x16'])
      expect(parsePort(text), text).toBeUndefined();
  });

  test("fwknop's default port is ours", () => {
    expect(DEFAULT_SPA_PORT).toBe(62_201);
  });
});

describe('durations', () => {
  test.each([
    ['0', 0],
    ['30', 30],
    ['30s', 30],
    ['5m', 300],
    ['1h', 3600],
    ['2d', 172_800],
    ['1h30m', 5400],
    ['1d1h1m1s', 90_061],
    ['90m', 5400],
    ['4294967295', 0xffff_ffff],
    ['0s', 0],
  ])('%s is %d seconds', (text, value) => {
    expect(parseDuration(text)).toBe(value);
  });

  test.each([
    ...[
      '',
      's',
      '-1',
      '+1',
      '1.5h',
      '1 h',
      ' 1h',
      '1h ',
      '1H',
      '1w',
      '1h30',
      '4294967296',
      '49711d',
      '1e3',
      '99999999999',
    ],
    ...['9999999999d9999999999d', '∞', '1h\n'],
  ])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test.each([
    [0, '0s'],
    [45, '45s'],
    [60, '1m'],
    [5400, '1h30m'],
    [86_400, '1d'],
    [90_061, '1d1h1m1s'],
  ])('%d seconds are written %s', (value, text) => {
    expect(formatDuration(seconds(value))).toBe(text);
  });
});
