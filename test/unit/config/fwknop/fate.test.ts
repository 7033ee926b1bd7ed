/** What becomes of a variable of fwknop's, in words. */
import { expect, test } from 'vitest';
import { describeFate, honoured, notNeeded, refused } from '../../../../src/config/fwknop/fate.ts';

test.each([
  ['honoured: the port', honoured('the port')],
  ['not needed: spad waits', notNeeded('spad waits')],
  ['refused: spad leaves it alone; remove it', refused('spad leaves it alone', 'remove it')],
])('%s', (words, fate) => {
  expect(describeFate(fate)).toBe(words);
});

test.each(['N', 'no', 'n'])('%s asks for nothing that is refused', (value) => {
  const fate = refused('x', 'y');
  expect(fate.kind === 'refused' && fate.harmless.test(value)).toBe(true);
  expect(fate.kind === 'refused' && fate.harmless.test(`${value}ever`)).toBe(false);
});
