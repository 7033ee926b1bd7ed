import { describe, expect, test } from 'vitest';
import { localAddress } from '../../../src/control/local-address.ts';

describe('localAddress', () => {
  const ascii = (text: string): number[] => Array.from(text, (letter) => letter.charCodeAt(0));

  test('a path ends in a zero byte', () => {
    expect([...(localAddress('/run/x', true) ?? [])]).toEqual([1, 0, ...ascii('/run/x'), 0]);
  });

  test('an abstract name begins with one, and has no other', () => {
    expect([...(localAddress('@/org/x', false) ?? [])]).toEqual([0, 1, 0, ...ascii('/org/x')]);
  });

  test.each(['', '@', '/', 'run/x', 'vsock:2:1234', `/${'x'.repeat(107)}`, `@${'x'.repeat(108)}`])(
    'refuses %j',
    (socket) => {
      expect(localAddress(socket, true)).toBeUndefined();
    },
  );

  test('takes the longest', () => {
    expect(localAddress(`/${'x'.repeat(106)}`, true)).toHaveLength(2 + 108);
    expect(localAddress(`@${'x'.repeat(107)}`, true)).toHaveLength(2 + 108);
  });
});
