import { expect, test } from 'vitest';
import { grantNames } from '../../../server/grant-names.ts';

test('each name is another one, of twelve digits, however many are asked for', () => {
  const next = grantNames();
  const names = Array.from({ length: 1000 }, next);
  expect(new Set(names).size).toBe(1000);
  for (const name of names) expect(name).toMatch(/^[0-9a-f]{12}$/);
});
