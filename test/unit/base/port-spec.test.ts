import { describe, expect, test } from 'vitest';
import {
  comparePortSpec,
  coversPorts,
  formatPortSpec,
  normalizePorts,
  parsePortSpec,
  samePorts,
  withoutPorts,
} from '../../../src/base/port-spec.ts';
import { ports, spec, specs } from '../values.ts';

describe('text of a port spec', () => {
  test.each(['tcp/1', 'tcp/22', 'udp/53', 'tcp/65535', 'tcp/8000-8010', 'udp/1-65535'])('%s', (text) => {
    expect(formatPortSpec(spec(text))).toBe(text);
  });

  test('a range of one port is written as the port', () => {
    expect(formatPortSpec(spec('tcp/22-22'))).toBe('tcp/22');
  });

  test.each([
    ...['', 'tcp', 'tcp/', '22', '/22', 'tcp/0', 'tcp/65536', 'tcp/022', 'tcp/-1', 'tcp/+22', 'tcp/22-', 'tcp/-22'],
    ...['tcp/23-22', 'tcp/22-65536', 'TCP/22', 'icmp/8', 'sctp/22', 'tcp/ssh', ' tcp/22', 'tcp/22 ', 'tcp/22\n'],
    ...['tcp/22-23-24', 'tcp/0-22', 'tcp/2 2', 'tcp:22', 'tcp/٢٢', 'tcp/1e3', 'tcp/22,tcp/23'],
  ])('%j is none', (text) => {
    expect(parsePortSpec(text)).toBeUndefined();
  });
});

describe('the canonical list', () => {
  test.each([
    ['', ''],
    ['tcp/22', 'tcp/22'],
    ['tcp/22 tcp/22', 'tcp/22'],
    ['udp/53 tcp/80 tcp/22', 'tcp/22 tcp/80 udp/53'],
    ['tcp/23 tcp/22', 'tcp/22-23'],
    ['tcp/22 tcp/24', 'tcp/22 tcp/24'],
    ['tcp/10-20 tcp/15-30', 'tcp/10-30'],
    ['tcp/10-30 tcp/15-20', 'tcp/10-30'],
    ['tcp/10-30 tcp/31 tcp/32-40', 'tcp/10-40'],
    ['tcp/1-65535 tcp/65535 udp/1', 'tcp/1-65535 udp/1'],
    ['udp/22 tcp/22', 'tcp/22 udp/22'],
    ['tcp/65535 udp/65535 tcp/65534', 'tcp/65534-65535 udp/65535'],
  ])('of "%s" is "%s"', (list, canonical) => {
    expect(normalizePorts(specs(list)).map(formatPortSpec).join(' ')).toBe(canonical);
  });

  test('the given list is not changed', () => {
    const list = specs('tcp/80 tcp/22');
    normalizePorts(list);
    expect(list.map(formatPortSpec)).toEqual(['tcp/80', 'tcp/22']);
  });
});

describe('comparing', () => {
  test('TCP before UDP, then the first port, then the last', () => {
    const ordered = ['tcp/22', 'tcp/22-30', 'tcp/23', 'udp/1', 'udp/22'];
    expect(
      [3, 1, 4, 0, 2]
        .map((index) => spec(ordered[index] ?? ''))
        .sort(comparePortSpec)
        .map(formatPortSpec),
    ).toEqual(ordered);
  });

  test.each([
    ['tcp/22 tcp/8000-8010', 'tcp/8000-8010', true],
    ['tcp/22 tcp/8000-8010', 'tcp/8003', true],
    ['tcp/22 tcp/8000-8010', 'tcp/8010-8011', false],
    ['tcp/22 tcp/8000-8010', 'tcp/7999-8000', false],
    ['tcp/22', 'udp/22', false],
    ['', 'tcp/22', false],
    ['tcp/22 tcp/23', 'tcp/22-23', true],
  ])('"%s" covers %s: %s', (allowed, wanted, covered) => {
    expect(coversPorts(ports(allowed), spec(wanted))).toBe(covered);
  });

  test.each([
    ['tcp/1-10', 'tcp/4-6', 'tcp/1-3 tcp/7-10'],
    ['tcp/1-10', 'tcp/1-6', 'tcp/7-10'],
    ['tcp/1-10', 'tcp/6-10', 'tcp/1-5'],
    ['tcp/1-10', 'tcp/1-65535', ''],
    ['tcp/1-10', 'udp/1-10', 'tcp/1-10'],
    ['tcp/1-10', 'tcp/11', 'tcp/1-10'],
    ['tcp/1-10 udp/53', 'tcp/2 tcp/4 udp/53', 'tcp/1 tcp/3 tcp/5-10'],
  ])('"%s" without "%s"', (all, taken, left) => {
    expect(withoutPorts(specs(all), specs(taken)).map(formatPortSpec).join(' ')).toBe(left);
  });

  test('the same ports', () => {
    expect(samePorts(ports('tcp/22 udp/53'), ports('udp/53 tcp/22'))).toBe(true);
    expect(samePorts(ports('tcp/22'), ports('tcp/22 udp/53'))).toBe(false);
    expect(samePorts(ports('tcp/22 udp/53'), ports('tcp/22'))).toBe(false);
    expect(samePorts(ports('tcp/22'), ports('tcp/22-23'))).toBe(false);
    expect(samePorts([], [])).toBe(true);
  });
});
