import { describe, expect, test } from 'vitest';
import { formatServiceMessage, watchdogPeriod } from '../../../src/control/service-message.ts';

describe('formatServiceMessage', () => {
  test('is one variable a line, as sd_notify(3) has them', () => {
    expect(formatServiceMessage({ kind: 'ready', status: 'capturing on eth0' })).toBe(
      'READY=1\nSTATUS=capturing on eth0\n',
    );
    expect(formatServiceMessage({ kind: 'reloading', monotonic: 12_345n })).toMatch(
      /^RELOADING=1\nMONOTONIC_USEC=12345\n/,
    );
    expect(formatServiceMessage({ kind: 'stopping' })).toMatch(/^STOPPING=1\n/);
    expect(formatServiceMessage({ kind: 'alive' })).toBe('WATCHDOG=1\n');
  });

  test('a status cannot add a variable', () => {
    const text = formatServiceMessage({ kind: 'ready', status: 'a\nMAINPID=1\n' });
    expect(text.split('\n')).toEqual(['READY=1', 'STATUS=a\\u{a}MAINPID=1\\u{a}', '']);
  });
});

describe('watchdogPeriod', () => {
  test.each([
    ['30000000', undefined, 15_000],
    ['30000000', '7', 15_000],
    ['1', '7', 1],
    ['999999999999999999', undefined, 3_600_000],
  ])('half of %s µs for %s', (WATCHDOG_USEC, WATCHDOG_PID, period) => {
    expect(watchdogPeriod({ WATCHDOG_USEC, WATCHDOG_PID }, 7)).toBe(period);
  });

  test.each([
    [undefined, undefined],
    ['0', undefined],
    ['3e7', undefined],
    ['-1', undefined],
    ['', undefined],
    ['30000000', '8'],
  ])('nothing for %s of process %s', (WATCHDOG_USEC, WATCHDOG_PID) => {
    expect(watchdogPeriod({ WATCHDOG_USEC, WATCHDOG_PID }, 7)).toBeUndefined();
  });
});
