import { describe, expect, test } from 'vitest';
import { authorize } from '../../../src/access/authorize.ts';
import { type ForwardRule, parseForwardRule } from '../../../src/access/forward-rule.ts';
import type { Stanza } from '../../../src/access/stanza.ts';
import { PLAIN_TERMS } from '../../../src/access/terms.ts';
import { formatAllowed } from '../../../src/base/allow-address.ts';
import { formatPortSpec } from '../../../src/base/port-spec.ts';
import { seconds, unixMs } from '../../../src/base/units.ts';
import { forwardingKey } from '../../../src/grant/forwarding.ts';
import type { Forward, SpaRequest } from '../../../src/spa/request.ts';
import { cidr, ip, portOf, ports, present, requestOf } from '../values.ts';

const NOW = unixMs(1_767_225_628_766);

const stanzaOf = (fields: Partial<Stanza> = {}): Stanza => ({
  name: 'alice',
  allow: ports('tcp/22 tcp/8000-8010'),
  defaultPorts: ports('tcp/22'),
  openFor: seconds(30),
  maxOpenFor: seconds(3600),
  sources: [cidr('0.0.0.0/0'), cidr('::/0')],
  widenIpv6: false,
  requireAddress: false,
  reply: true,
  ...PLAIN_TERMS,
  forward: [],
  forwardSource: 'client',
  expires: undefined,
  ...fields,
});

/** The verdict as a line, so that a table shows all of it. */
const judge = (request: Partial<SpaRequest>, stanza: Partial<Stanza> = {}, source = '192.0.2.1'): string => {
  const result = authorize(requestOf(request), ip(source), stanzaOf(stanza), NOW);
  if (!result.ok) return result.error;
  const { kind, addresses, ports: granted } = result.value;
  const time = result.value.kind === 'open' ? ` ${String(result.value.openFor)}` : '';
  return `${kind} ${addresses.map(formatAllowed).join(',')} ${granted.map(formatPortSpec).join(',')}${time}`;
};

describe('ports', () => {
  test.each([
    ['', 'open 192.0.2.1 tcp/22 30'],
    ['tcp/22', 'open 192.0.2.1 tcp/22 30'],
    ['tcp/8003', 'open 192.0.2.1 tcp/8003 30'],
    ['tcp/22 tcp/8000-8010', 'open 192.0.2.1 tcp/22,tcp/8000-8010 30'],
    ['udp/22', 'port-not-allowed'],
    // Apart, for neighbours merge into one range: each of several must be allowed, not one of them.
    ['tcp/22 tcp/24', 'port-not-allowed'],
    ['tcp/21 tcp/8000', 'port-not-allowed'],
    ['tcp/8000-8011', 'port-not-allowed'],
    ['tcp/1-65535', 'port-not-allowed'],
  ])('asked for "%s": %s', (wanted, verdict) => {
    expect(judge({ ports: ports(wanted) })).toBe(verdict);
  });

  test('none asked for and none by default', () => {
    expect(judge({}, { defaultPorts: [] })).toBe('no-port-named');
  });
});

describe('addresses', () => {
  const home = { sources: [cidr('192.0.2.0/24'), cidr('2001:db8::/32')] };

  test.each([
    ['the source itself', [], '192.0.2.1', 'open 192.0.2.1 tcp/22 30'],
    ['a sealed one', ['192.0.2.9'], '192.0.2.1', 'open 192.0.2.9 tcp/22 30'],
    ['one of each family', ['192.0.2.9', '2001:db8::9'], '192.0.2.1', 'open 192.0.2.9,2001:db8::9 tcp/22 30'],
    ['a source outside', [], '198.51.100.1', 'source-not-allowed'],
    ['a source outside, though the sealed one is inside', ['192.0.2.9'], '198.51.100.1', 'source-not-allowed'],
    ['a sealed one outside', ['198.51.100.1'], '192.0.2.1', 'address-not-allowed'],
    ['one inside and one outside', ['192.0.2.9', '198.51.100.1'], '192.0.2.1', 'address-not-allowed'],
    ['a network', ['192.0.2.0/25'], '192.0.2.1', 'address-not-allowed'],
    ['everyone', ['0.0.0.0/0'], '192.0.2.1', 'address-not-allowed'],
  ] as const)('%s', (_, sealed, source, verdict) => {
    expect(judge({ addresses: sealed.map(cidr) }, home, source)).toBe(verdict);
  });

  test.each(['127.0.0.1', '::1', '224.0.0.1', '255.255.255.255', 'ff02::1', '0.1.2.3'])(
    '%s is nobody, sealed or not',
    (text) => {
      expect(judge({ addresses: [cidr(text)] })).toBe('address-not-allowed');
      expect(judge({}, {}, text)).toBe('address-not-allowed');
    },
  );

  test('require_address', () => {
    expect(judge({}, { requireAddress: true })).toBe('address-required');
    expect(judge({ addresses: [cidr('192.0.2.9')] }, { requireAddress: true })).toBe('open 192.0.2.9 tcp/22 30');
    expect(judge({ type: 'close' }, { requireAddress: true })).toBe('address-required');
  });
});

describe('time', () => {
  test.each([
    [0, 30],
    [1, 1],
    [3600, 3600],
    [3601, 3600],
    [0xffff_ffff, 3600],
  ])('asked for %d s: %d s', (wish, granted) => {
    expect(judge({ openFor: seconds(wish) })).toBe(`open 192.0.2.1 tcp/22 ${String(granted)}`);
  });

  test('a stanza holds up to its last millisecond', () => {
    expect(judge({}, { expires: unixMs(NOW + 1) })).toBe('open 192.0.2.1 tcp/22 30');
    expect(judge({}, { expires: NOW })).toBe('stanza-expired');
    expect(judge({}, { expires: unixMs(NOW - 1), sources: [] })).toBe('stanza-expired');
  });
});

describe('types', () => {
  test('close names what to close, or nothing for all', () => {
    expect(judge({ type: 'close' })).toBe('close 192.0.2.1 ');
    expect(judge({ type: 'close', ports: ports('tcp/22') })).toBe('close 192.0.2.1 tcp/22');
    expect(judge({ type: 'close', addresses: [cidr('198.51.100.1')] }, { sources: [cidr('192.0.2.0/24')] })).toBe(
      'address-not-allowed',
    );
  });

  test('commands are not granted', () => {
    expect(judge({ type: 'command', command: 'reboot' })).toBe('command-not-allowed');
  });
});

describe('forwarding', () => {
  const rules = (text: string): readonly ForwardRule[] =>
    text.split(' ').map((word) => parseForwardRule(word) ?? expect.fail(word));
  const target = (text: string): Forward => {
    const [rule] = rules(text);
    if (rule?.to === undefined) return { kind: 'local', port: rule?.first ?? expect.fail(text) };
    return { kind: 'address', address: rule.to.address, port: rule.first };
  };
  const forwarded = (allowed: string, to: string, fields: Partial<Stanza> = {}): string => {
    const stanza = stanzaOf({ forward: allowed === '' ? [] : rules(allowed), ...fields });
    const result = authorize(requestOf({ forward: target(to) }), ip('192.0.2.1'), stanza, NOW);
    if (!result.ok) return result.error;
    return result.value.kind === 'open' ? forwardingKey(result.value.forwarding) : result.value.kind;
  };

  test.each([
    ['', 'local:22', 'forward-not-allowed'],
    ['', '10.0.0.5:22', 'forward-not-allowed'],
    ['10.0.0.0/24:22', '10.0.0.5:22', '10.0.0.5 22 client'],
    ['10.0.0.0/24:22', '10.0.1.5:22', 'forward-not-allowed'],
    ['10.0.0.0/24:22', '10.0.0.5:23', 'forward-not-allowed'],
    ['10.0.0.0/24:22', 'local:22', 'forward-not-allowed'],
    ['10.0.0.0/24:22', '[fd00::5]:22', 'forward-not-allowed'],
    ['10.0.0.5:22 10.0.0.6:8000-8010', '10.0.0.6:8010', '10.0.0.6 8010 client'],
    ['10.0.0.5:22 10.0.0.6:8000-8010', '10.0.0.6:22', 'forward-not-allowed'],
    ['[fd00::/64]:443', '[fd00::5]:443', 'fd00::5 443 client'],
    ['[fd00::/64]:443', '[fd00:1::5]:443', 'forward-not-allowed'],
    ['local:8022', 'local:8022', 'local 8022 client'],
    ['local:8022', 'local:22', 'forward-not-allowed'],
    // No host has these, however wide the rule.
    ['0.0.0.0/0:1-65535', '127.0.0.1:22', 'forward-not-allowed'],
    ['0.0.0.0/0:1-65535', '224.0.0.1:22', 'forward-not-allowed'],
    ['[::/0]:1-65535', '[::1]:22', 'forward-not-allowed'],
    ['0.0.0.0/0:1-65535', '198.51.100.7:65535', '198.51.100.7 65535 client'],
  ])('where "%s" is allowed, %s: %s', (allowed, to, verdict) => {
    expect(forwarded(allowed, to)).toBe(verdict);
  });

  test('the source is the stanza’s to choose, but for its own host', () => {
    const all = '10.0.0.0/24:22 local:8022';
    expect(forwarded(all, '10.0.0.5:22', { forwardSource: 'masquerade' })).toBe('10.0.0.5 22 masquerade');
    expect(forwarded(all, '10.0.0.5:22', { forwardSource: ip('10.0.0.1') })).toBe('10.0.0.5 22 10.0.0.1');
    expect(forwarded(all, 'local:8022', { forwardSource: 'masquerade' })).toBe('local 8022 client');
  });

  test('the outer port must be allowed as any other', () => {
    const forward = rules('local:8022');
    expect(judge({ forward: target('local:8022'), ports: ports('tcp/23') }, { forward })).toBe('port-not-allowed');
  });

  test.each([
    '10.0.0.1/24:22',
    '10.0.0.5',
    '10.0.0.5:0',
    '10.0.0.5:22-21',
    'fd00::5:22',
    '[10.0.0.5]:22',
    'local',
    ':22',
  ])('"%s" is no rule', (text) => {
    expect(parseForwardRule(text)).toBeUndefined();
  });
});

describe('widen_ipv6', () => {
  const wide = (words: string, stanza: Partial<Stanza> = {}, more: Partial<SpaRequest> = {}): string => {
    const addresses = words === '' ? [] : words.split(' ').map(cidr);
    return judge({ addresses, ...more }, { widenIpv6: true, ...stanza }, '2001:db8:1:2:3::4')
      .split(' ')
      .slice(0, 2)
      .join(' ');
  };
  test.each([
    ['', 'open 2001:db8:1:2::/64'],
    ['2a00::1:2:3:4', 'open 2a00::/64'],
    ['2a00:0:0:5::/64', 'open 2a00:0:0:5::/64'],
    ['192.0.2.1 2a00::5', 'open 192.0.2.1,2a00::/64'],
    ['2a00::5 2a00::6', 'open 2a00::/64'],
    ['2a00:0:0:4::/63', 'address-not-allowed'],
    ['2a00::/65', 'address-not-allowed'],
    ['192.0.2.0/24', 'address-not-allowed'],
    ['fe00::/7', 'address-not-allowed'],
  ])('"%s": %s', (addresses, verdict) => expect(wide(addresses)).toBe(verdict));

  test.each(['64:ff9b::c000:201', '64:ff9b:1::5', '2001:0:c000:201::9'])(
    'behind a translator a /64 is no link of its own: %s stays a host',
    (address) => {
      expect(wide(address)).toBe(`open ${address}`);
      expect(wide(`${address.split(':').slice(0, 2).join(':')}::/64`)).toBe('address-not-allowed');
    },
  );

  test('without it, a network is refused and a host stays a host', () => {
    expect(wide('2a00::/64', { widenIpv6: false })).toBe('address-not-allowed');
    expect(wide('2a00::5', { widenIpv6: false })).toBe('open 2a00::5');
  });

  test('no further than source: a host of it stays a host, a network that is not all in it is refused', () => {
    const sources = [cidr('2001:db8:1:2:3::4/128'), cidr('2a00::/80')];
    expect(wide('2a00::5', { sources })).toBe('open 2a00::5');
    expect(wide('2a00::/64', { sources })).toBe('address-not-allowed');
    expect(wide('2a00::5', { sources: [...sources, cidr('2a00::/64')] })).toBe('open 2a00::/64');
  });

  test('what is forwarded is for one host; closing means both', () => {
    const forward = { forward: [present(parseForwardRule('[fd00::5]:22'))] };
    const to: Partial<SpaRequest> = { forward: { kind: 'address', address: ip('fd00::5'), port: portOf(22) } };
    expect(wide('2a00::5', forward, to)).toBe('open 2a00::5');
    expect(wide('2a00::/64', forward, to)).toBe('address-not-allowed');
    expect(wide('192.0.2.1 2a00::/64', forward, to)).toBe('address-not-allowed');
    expect(wide('2a00::5', {}, { type: 'close' })).toBe('close 2a00::5,2a00::/64');
    // What was opened before the stanza stopped widening.
    expect(wide('2a00::5', { widenIpv6: false }, { type: 'close' })).toBe('close 2a00::5,2a00::/64');
  });
});
