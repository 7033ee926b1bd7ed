/** docs/firewalls.md: which back-ends close the guarded ports themselves. */
import { expect, test } from 'vitest';
import { BACKEND_NAMES, closesPorts } from '../../../src/firewall/backends.ts';

test('all close ports but those that leave it to the operator, and the one that does nothing', () => {
  expect(BACKEND_NAMES.filter((name) => !closesPorts(name)).sort()).toEqual(['command', 'dry-run', 'nft-set']);
});
