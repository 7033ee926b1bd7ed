/** What the real knockd 0.8 (glibc's getopt_long) says and does for the same words. */
import { describe, expect, test } from 'vitest';
import { interfaceNames, type KnockdSwitches, parseKnockdOptions } from '../../../src/knock/knockd-options.ts';

const switchesOf = (line: string): KnockdSwitches => {
  const parsed = parseKnockdOptions(line.split(' ').filter((word) => word !== ''));
  if (parsed.kind !== 'run') throw new Error(parsed.kind);
  return parsed.switches;
};

describe('options', () => {
  test('have knockd’s defaults', () => {
    expect(switchesOf('')).toEqual({
      ...{ interface: undefined, daemon: false, config: '/etc/knockd.conf', debug: false, lookup: false },
      ...{ pidFile: '/var/run/knockd.pid', logFile: undefined, verbose: false, onlyV4: false },
    });
  });

  test.each([
    ['-i eth1 -c f', { interface: 'eth1', config: 'f' }],
    ['-ieth1 -vDl4d', { interface: 'eth1', verbose: true, debug: true, lookup: true, onlyV4: true, daemon: true }],
    ['-vi eth1', { verbose: true, interface: 'eth1' }],
    ['--interface=eth1 --conf f', { interface: 'eth1', config: 'f' }],
    ['--only --pid p --logf l', { onlyV4: true, pidFile: 'p', logFile: 'l' }],
    ['operand -v', { verbose: true }],
    ['-v -- -D', { verbose: true, debug: false }],
    ['-i a -i b', { interface: 'b' }],
    ['--interface=', { interface: '' }],
    [`-i ${'x'.repeat(40)}`, { interface: 'x'.repeat(31) }],
  ])('%s', (line, wanted) => {
    expect(switchesOf(line)).toMatchObject(wanted);
  });

  test.each([
    ['-x', "knockd: invalid option -- 'x'"],
    ['-vx', "knockd: invalid option -- 'x'"],
    ['-c', "knockd: option requires an argument -- 'c'"],
    ['--config', "knockd: option '--config' requires an argument"],
    ['--nosuch=1', "knockd: unrecognized option '--nosuch=1'"],
    ['--lo', "knockd: option '--lo' is ambiguous; possibilities: '--lookup' '--logfile'"],
    ['--ver', "knockd: option '--ver' is ambiguous; possibilities: '--verbose' '--version'"],
    ['--only=3', "knockd: option '--only-ip-v4' doesn't allow an argument"],
    ['-h', undefined],
    ['--he -x', undefined],
  ])('%s shows the usage', (line, message) => {
    expect(parseKnockdOptions(line.split(' '))).toEqual({ kind: 'usage', message });
  });

  test('the first of what ends it decides', () => {
    expect(parseKnockdOptions(['-Vx'])).toEqual({ kind: 'version' });
    expect(parseKnockdOptions(['-iV', '-h'])).toMatchObject({ kind: 'usage' });
  });
});

test('several interfaces', () => {
  expect(interfaceNames('eth0')).toEqual(['eth0']);
  expect(interfaceNames('eth0, eth1,eth0')).toEqual(['eth0', 'eth1']);
});
