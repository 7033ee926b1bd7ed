import { describe, expect, test } from 'vitest';
import { readIptablesRule, splitWords } from '../../../src/host/iptables-rule.ts';
import { readIptablesSave, replaceOpaque } from '../../../src/host/iptables-save.ts';
import { ip } from '../values.ts';
import { filter, shortly, walk } from './model.ts';

/** Whether the rule fits a new connection from 198.51.100.7 to 192.0.2.1, port 22, that comes in on eth0. */
const fits = (text: string): string => {
  const fate = shortly(walk(filter(`INPUT ${text} -j DROP`)));
  return fate.startsWith('dropped') ? 'yes' : fate.startsWith('unsure') ? 'unsure' : 'no';
};

// iptables-extensions(8), and what iptables-save 1.8.9 writes.
describe('a rule', () => {
  test.each([
    ['', 'yes'],
    ['-s 198.51.100.0/24 -d 192.0.2.1/32 -i eth0 -p tcp', 'yes'],
    ['-s 198.51.100.0/255.255.255.0', 'yes'],
    ['-s 198.51.0.7/255.255.0.255', 'unsure'],
    ['! -s 198.51.100.7/32', 'no'],
    ['-i et+', 'yes'],
    ['-i eth', 'no'],
    ['! -i lo', 'yes'],
    ['-p 6', 'yes'],
    ['-p icmp', 'no'],
    ['! -p udp', 'yes'],
    ['-p all', 'unsure'],
    ['-p tcp -m tcp --dport 20:30', 'yes'],
    ['-p tcp -m tcp --dport :21', 'no'],
    ['-p tcp -m tcp ! --dport 23', 'yes'],
    ['-p tcp -m tcp --sport 1024:', 'yes'],
    ['-p tcp -m multiport --dports 80,20:22', 'yes'],
    ['-p tcp -m multiport ! --dports 22,80', 'no'],
    ['-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN', 'yes'],
    ['-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN', 'no'],
    ['-p tcp -m tcp --tcp-flags ALL NONE', 'no'],
    ['-m conntrack --ctstate NEW,UNTRACKED', 'yes'],
    ['-m conntrack --ctstate RELATED,ESTABLISHED', 'no'],
    ['-m conntrack ! --ctstate INVALID', 'yes'],
    ['-m conntrack --ctstate DNAT', 'unsure'],
    ['-m state --state NEW', 'yes'],
    ['-m addrtype --dst-type LOCAL', 'yes'],
    ['-m addrtype ! --dst-type LOCAL --limit-iface-in', 'no'],
    ['-m addrtype --src-type LOCAL', 'no'],
    ['-m iprange --src-range 198.51.100.1-198.51.100.9', 'yes'],
    ['-m pkttype --pkt-type broadcast', 'no'],
    ['-m mark --mark 0x0/0xff', 'yes'],
    ['-m mark ! --mark 0x1', 'yes'],
    ['-m comment --comment "-j ACCEPT \\" x"', 'yes'],
    ['-f', 'no'],
    ['-p icmp -m icmp --icmp-type 8', 'no'],
    ['-m rpfilter --invert', 'no'],
    ['-m set --match-set blocked src', 'unsure'],
    ['-m recent --update --seconds 60 --name DEFAULT --rsource', 'unsure'],
    ['-m hashlimit --hashlimit-upto 5/min --hashlimit-name x', 'unsure'],
    ['-m owner --uid-owner 0', 'unsure'],
    ['--something new', 'unsure'],
    ['-o eth0', 'no'],
    ['-p 0', 'yes'],
    ['-s nowhere', 'unsure'],
    ['-s 198.51.100.7/33', 'unsure'],
    ['-m iprange --src-range 198.51.100.1', 'unsure'],
    ['-m iprange --dst-range 192.0.2.1-192.0.2.9', 'yes'],
    ['-p tcp -m multiport --sports 50000,60000', 'yes'],
    ['-m conntrack --ctstatus DNAT', 'no'],
    ['-m conntrack --ctorigdstport 22', 'yes'],
    ['-m pkttype --pkt-type unicast', 'yes'],
    ['-m mark --mark 0x1', 'no'],
    ['! -f', 'yes'],
    ['-m rpfilter', 'yes'],
    ['-m hl --hl-eq 1', 'unsure'],
    ['-m addrtype --dst-type LOCAL --limit-iface-out', 'yes'],
    ['-p tcp -m tcp --tcp-flags ALL SYN', 'yes'],
    ['-m limit --limit 3/min', 'unsure'],
    ['-p tcp --dport ssh', 'unsure'],
    ['-p tcp --dport 2.5', 'unsure'],
    ['-m mark --mark x', 'unsure'],
    ['-p constructor', 'unsure'],
    ['constructor', 'unsure'],
  ])('%s', (text, wanted) => {
    expect(fits(text)).toBe(wanted);
  });

  test.each([
    ['-j LOG --log-prefix "dropped: "', []],
    ['-j CT --notrack', [{ do: 'notrack' }]],
    ['-j REDIRECT --to-ports 22', [{ do: 'nat', address: 'here', port: 22 }]],
    ['-j DNAT --to-destination :22', [{ do: 'nat', address: undefined, port: 22 }]],
    ['-j DNAT --to-destination 10.0.0.5', [{ do: 'nat', address: ip('10.0.0.5'), port: undefined }]],
    ['-j MARK --set-xmark 0x1/0x1', [{ do: 'mark', value: undefined }]],
    ['-j DNAT --to-destination 10.0.0.5-10.0.0.9', [{ do: 'nat', address: 'unsure', port: undefined }]],
    ['-j DNAT --to-destination 10.0.0.5:20-30', [{ do: 'nat', address: ip('10.0.0.5'), port: 'unsure' }]],
    ['-j REDIRECT', [{ do: 'nat', address: 'here', port: undefined }]],
    ['-j MARK --set-xmark 0x1/0xffffffff', [{ do: 'mark', value: 1n }]],
    ['-j MARK --set-xmark 0x2', [{ do: 'mark', value: 2n }]],
    ['-j NOTRACK', [{ do: 'notrack' }]],
    ['-j CT --helper ftp', []],
    ['-j ACCEPT', [{ do: 'verdict', verdict: { kind: 'accept' } }]],
    ['-j RETURN', [{ do: 'verdict', verdict: { kind: 'return' } }]],
    ['-j REJECT --reject-with tcp-reset', [{ do: 'verdict', verdict: { kind: 'reject' } }]],
    ['-j MASQUERADE', [{ do: 'verdict', verdict: { kind: 'accept' } }]],
    ['-j SNAT --to-source 10.0.0.1', [{ do: 'verdict', verdict: { kind: 'accept' } }]],
    ['-j DOCKER', [{ do: 'verdict', verdict: { kind: 'jump', chain: 'DOCKER' } }]],
    ['-g one', [{ do: 'verdict', verdict: { kind: 'goto', chain: 'one' } }]],
  ])('%s', (text, steps) => {
    expect(readIptablesRule(text, 4)).toEqual(steps);
  });

  test.each(['NFQUEUE', 'QUEUE', 'TPROXY', 'SYNPROXY', 'NETMAP', 'CLUSTERIP'])('-j %s', (name) => {
    expect(readIptablesRule(`-j ${name}`, 4)).toEqual([{ do: 'verdict', verdict: { kind: 'unsure', what: name } }]);
  });

  test('IPv6 targets stand in brackets', () => {
    const read = (to: string): unknown => readIptablesRule(`-j DNAT --to-destination ${to}`, 6)[0];
    expect(read('[2001:db8::5]:22')).toEqual({ do: 'nat', address: ip('2001:db8::5'), port: 22 });
    expect(read('2001:db8::5')).toEqual({ do: 'nat', address: ip('2001:db8::5'), port: undefined });
  });

  test('words', () => {
    expect(splitWords('-m comment --comment "a \\"b\\" c" -j x')).toEqual([
      '-m',
      'comment',
      '--comment',
      'a "b" c',
      '-j',
      'x',
    ]);
  });
});

describe('a listing', () => {
  const text = `# Generated
*mangle
:PREROUTING ACCEPT [10:20]
:POSTROUTING ACCEPT [0:0]
COMMIT
*nat
:POSTROUTING ACCEPT [0:0]
COMMIT
*filter
:INPUT DROP [0:0]
:f2b-sshd - [0:0]
[3:180] -A INPUT -p tcp -j f2b-sshd
-A INPUT -j ACCEPT
COMMIT
`;

  test('has chains with the hooks and priorities of their tables', () => {
    const chains = readIptablesSave(text, 6, true);
    expect(chains.map(({ table, name, base }) => [table, name, base?.hook, base?.priority, base?.policy])).toEqual([
      ['ip6 mangle (legacy)', 'PREROUTING', 'prerouting', -150, 'accept'],
      ['ip6 mangle (legacy)', 'POSTROUTING', 'postrouting', -150, 'accept'],
      ['ip6 nat (legacy)', 'POSTROUTING', 'postrouting', 100, 'accept'],
      ['ip6 filter (legacy)', 'INPUT', 'input', 0, 'drop'],
      ['ip6 filter (legacy)', 'f2b-sshd', undefined, undefined, undefined],
    ]);
    expect(chains[3]?.rules.map(({ number, text: rule }) => [number, rule])).toEqual([
      [1, '-p tcp -j f2b-sshd'],
      [2, '-j ACCEPT'],
    ]);
  });

  test('stands in for what nft cannot show, where both have as many rules', () => {
    const nft = filter('INPUT -j DROP');
    const saved = filter('INPUT -p tcp -j DROP');
    expect(replaceOpaque(nft, ['ip filter'], saved)[0]?.rules).toBe(saved[0]?.rules);
    expect(replaceOpaque(nft, [], saved)).toEqual(nft);
    expect(replaceOpaque(nft, ['ip filter'], filter('INPUT -j DROP', 'INPUT -j DROP'))).toEqual(nft);
  });
});
