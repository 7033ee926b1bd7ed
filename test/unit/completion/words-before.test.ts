import { expect, test } from 'vitest';
import { valueBefore } from '../../../src/completion/words-before.ts';

test.each([
  [['--profiles', 'a.ini', '-n'], 'a.ini'],
  [['--profiles=a.ini', '-n'], 'a.ini'],
  // As bash parts it.
  [['--profiles', '=', 'a.ini', '-n'], 'a.ini'],
  [['--profiles', 'a.ini', '--profiles', 'b.ini'], 'b.ini'],
  [['--profiles'], undefined],
  [['--other', 'a.ini'], undefined],
  [['--profiles=', 'x'], ''],
])('%j', (words, value) => {
  expect(valueBefore(words, ['--profiles'])).toBe(value);
});
