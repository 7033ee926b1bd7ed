/** docs/invite.md, section 4: what an invite can say. */
import { describe, expect, test } from 'vitest';
import { unixMs } from '../../../src/base/units.ts';
import type { Invite } from '../../../src/invite/body.ts';
import { formatInvite, parseInvite } from '../../../src/invite/invite.ts';
import { portOf, ports, secretOf } from '../values.ts';

const INVITE: Invite = {
  ...{ secret: secretOf(1), server: 'gw1', hosts: ['gate.example.net', '192.0.2.1'], port: portOf(62_201) },
  ...{ access: ports('tcp/22'), reply: true, end: unixMs(1_767_225_600_000) },
};

test('the invite that the mistakes are put into can be written and read', () => {
  const reading = parseInvite(formatInvite(INVITE));
  expect(reading.ok && reading.value.kind === 'plain' && reading.value.invite.hosts).toEqual(INVITE.hosts);
});

describe('what cannot be written is an error of the caller', () => {
  test.each<readonly [string, Partial<Invite>]>([
    ['no host', { hosts: [] }],
    ['five hosts', { hosts: ['a', 'b', 'c', 'd', 'e'] }],
    ['a host twice', { hosts: ['a', 'a'] }],
    ['a host that a shell would read otherwise', { hosts: ['-oProxyCommand=x'] }],
    ['no name of a server', { server: '' }],
    ['ports that are not in order', { access: [...ports('tcp/22'), ...ports('tcp/21')] }],
    ['17 ports', { access: ports(Array.from({ length: 17 }, (_, index) => `tcp/${String(2 * index + 1)}`).join(' ')) }],
    ['an end within a second', { end: unixMs(1_767_225_600_001) }],
    ['an end before 1970', { end: unixMs(-1000) }],
    ['an end after 2106', { end: unixMs(0x1_0000_0000 * 1000) }],
    ['what is no fingerprint', { replaces: 'abc' }],
    ['a fingerprint that is too short', { replaces: 'ab:cd' }],
  ])('%s', (_, changes) => {
    expect(() => formatInvite({ ...INVITE, ...changes })).toThrow(RangeError);
  });
});
