import { describe, expect, test } from 'vitest';
import { lookUp } from '../../../../client/knock/look-up.ts';

const OTHER_FAMILY = { failure: 'Address family for hostname not supported' };
const NOT_KNOWN = { failure: 'Name or service not known' };

describe('looking up', () => {
  test.each([
    ['192.0.2.1', undefined, { address: '192.0.2.1', family: 4 }],
    ['192.0.2.1', 4, { address: '192.0.2.1', family: 4 }],
    ['192.0.2.1', 6, OTHER_FAMILY],
    ['2001:DB8:0:0::1', 6, { address: '2001:db8::1', family: 6 }],
    ['2001:db8::1', 4, OTHER_FAMILY],
    ['::ffff:c000:201', undefined, { address: '::ffff:192.0.2.1', family: 6 }],
    ['::1%lo', undefined, NOT_KNOWN],
    ['::1%1', undefined, { address: '::1%1', family: 6 }],
    ['fe80::1%no-such-interface', undefined, NOT_KNOWN],
    ['', undefined, NOT_KNOWN],
    ['[::1]', undefined, NOT_KNOWN],
  ] as const)('"%s", family %s', async (host, family, found) => {
    expect(await lookUp(host, family)).toEqual(found);
  });
});
