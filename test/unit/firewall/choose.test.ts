import { describe, expect, test } from 'vitest';
import { choose, type DefaultDrop, type FirewallFacts } from '../../../src/firewall/choose.ts';
import { inputChains, isDefaultDrop, legacyDrops, nftChains } from '../../../src/firewall/input-chains.ts';
import { formatLastFirewall, leftBehind, parseLastFirewall } from '../../../src/firewall/last-firewall.ts';
import { present } from '../values.ts';

const HERE = { usable: true } as const;
const PLAIN: FirewallFacts = { firewalld: false, ufw: false, nftables: HERE, iptables: HERE, drops: [] };
const drop = (fields: Partial<DefaultDrop>): DefaultDrop => ({
  ...{ by: 'nftables', family: 'inet', table: 'filter', chain: 'input', how: 'policy' },
  ...fields,
});
const missing = (why: string): FirewallFacts['nftables'] => ({ usable: false, why });

describe('the choice', () => {
  const iptablesDrop = drop({ by: 'iptables', family: 'ip', chain: 'INPUT' });
  test.each([
    ['nothing is here', {}, 'nftables', 'nftables is usable, and no other firewall keeps rules here'],
    ['firewalld', { firewalld: true, ufw: true }, 'firewalld', 'firewalld runs here'],
    ['ufw', { ufw: true, drops: [iptablesDrop] }, 'ufw', 'ufw is active'],
    ['no nftables', { nftables: missing('no library') }, 'iptables', 'nftables is not usable: no library'],
    [
      'neither',
      { nftables: missing('no library'), iptables: missing('no program') },
      'nftables',
      'no firewall is usable: no library; no program',
    ],
    [
      'iptables drops',
      { drops: [iptablesDrop] },
      'iptables',
      'ip filter INPUT of iptables drops by its policy, which nftables could not overrule',
    ],
    ['nftables drops', { drops: [drop({})] }, 'nftables', 'nftables is usable, and no other firewall keeps rules here'],
  ] as const)('%s', (_, facts, firewall, why) => {
    expect(choose({ ...PLAIN, ...facts })).toMatchObject({ firewall, why });
  });

  test("a default of the operator's own is a warning with the lines to add", () => {
    const [warning] = choose({ ...PLAIN, drops: [drop({ how: 'last rule' })] }).warnings;
    expect(present(warning).split('\n')).toEqual([
      'the chain inet filter input drops by its last rule, and no grant of the table "inet spad" can overrule that; add to your ruleset:',
      '  add set inet filter spad4 { type ipv4_addr . inet_proto . inet_service; flags timeout, interval; }',
      '  add set inet filter spad6 { type ipv6_addr . inet_proto . inet_service; flags timeout, interval; }',
      '  insert rule inet filter input ip saddr . meta l4proto . th dport @spad4 accept',
      '  insert rule inet filter input ip6 saddr . meta l4proto . th dport @spad6 accept',
      '  and to [spad]: nft_set = inet filter spad4, inet filter spad6',
    ]);
    const [narrow] = choose({ ...PLAIN, drops: [drop({ family: 'ip6' })] }).warnings;
    expect(narrow).not.toContain('spad4');
  });

  test('where the program that keeps the rules is missing, the warning says so', () => {
    const { firewall, warnings } = choose({ ...PLAIN, iptables: missing('no program'), drops: [iptablesDrop] });
    expect(firewall).toBe('nftables');
    expect(warnings).toEqual([expect.stringContaining('install iptables, and set firewall = iptables')]);
  });
});

describe('chains', () => {
  const chains = nftChains({
    nftables: [
      { metainfo: {} },
      {
        chain: {
          family: 'inet',
          table: 'filter',
          name: 'input',
          type: 'filter',
          hook: 'input',
          prio: 0,
          policy: 'accept',
        },
      },
      {
        chain: {
          family: 'ip',
          table: 'filter',
          name: 'FORWARD',
          type: 'filter',
          hook: 'forward',
          prio: 0,
          policy: 'drop',
        },
      },
      { chain: { family: 'netdev', table: 'x', name: 'in', hook: 'ingress', policy: 'drop' } },
      { chain: { family: 'ip', table: 'filter', name: 'ufw-user-input' } },
    ],
  });
  const [input] = inputChains(chains);
  const rules = (...expr: readonly object[]): object => ({
    nftables: [{ rule: { expr: [{ drop: null }] } }, { rule: { expr } }],
  });
  const match = { match: { op: '==', left: {}, right: 22 } };

  test('that see what comes in', () => {
    expect(inputChains(chains)).toHaveLength(1);
    expect(chains).toHaveLength(4);
  });

  test.each([
    [[{ counter: {} }, { drop: null }], 'last rule'],
    [[{ log: null }, { reject: { type: 'icmpx' } }], 'last rule'],
    [[{ xt: { type: 'target', name: 'REJECT' } }], 'last rule'],
    [[match, { drop: null }], undefined],
    [[{ counter: {} }], undefined],
    [[{ accept: null }], undefined],
  ])('%j', (expr, how) => {
    expect(isDefaultDrop(present(input), rules(...expr))).toBe(how);
  });

  test('a policy drops whatever the rules are', () => {
    expect(isDefaultDrop({ ...present(input), policy: 'drop' }, undefined)).toBe('policy');
    expect(isDefaultDrop(present(input), undefined)).toBeUndefined();
  });

  test.each([
    ['-P INPUT DROP\n-P FORWARD ACCEPT\n', 'policy'],
    [
      '-P INPUT ACCEPT\n-A INPUT -p tcp -j ACCEPT\n-A INPUT -j REJECT --reject-with icmp-port-unreachable\n',
      'last rule',
    ],
    ['-P INPUT ACCEPT\n-A INPUT -j DROP\n-A INPUT -i lo -j ACCEPT\n', undefined],
    ['', undefined],
  ])('of the older iptables: %j', (text, how) => {
    expect(legacyDrops('ip', text)[0]?.how).toBe(how);
  });
});

describe('what the last start had', () => {
  const sets = (text: string): string => `nft-set ${text}\n`;
  test('is read as it was written', () => {
    for (const text of ['nftables\n', 'command\n', sets('inet filter a'), sets('inet filter a, ip x b')])
      expect(formatLastFirewall(present(parseLastFirewall(text)))).toBe(text);
    for (const text of ['', 'nftables', 'pf\n', sets('inet'), 'nftables\nx\n'])
      expect(parseLastFirewall(text)).toBeUndefined();
  });

  test('and this one has not is to go', () => {
    const of = (text: string): NonNullable<ReturnType<typeof parseLastFirewall>> => present(parseLastFirewall(text));
    expect(leftBehind(of('nftables\n'), of('nftables\n'))).toBeUndefined();
    expect(leftBehind(of('nftables\n'), of('command\n'))).toEqual(of('nftables\n'));
    expect(leftBehind(of(sets('inet filter a, inet filter b')), of(sets('inet filter b')))).toEqual(
      of(sets('inet filter a')),
    );
    expect(leftBehind(of(sets('inet filter a')), of(sets('inet filter a, inet filter b')))).toBeUndefined();
  });
});
