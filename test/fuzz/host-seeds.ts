/** What the programs of this machine's firewalls print, shortened. */

const SETS = [
  {
    ...{ family: 'inet', table: 'f', name: 'nets', type: 'ipv4_addr' },
    elem: ['1.2.3.4', { prefix: { addr: '198.51.100.0', len: 24 } }],
  },
  {
    ...{ family: 'inet', table: 'f', name: 'timed', type: 'inet_service' },
    elem: [{ elem: { val: { range: [20, 30] }, timeout: 9, expires: 8 } }],
  },
];
const payload = (protocol: string, field: string): object => ({ payload: { protocol, field } });
const match = (left: object, right: unknown, op = '=='): object => ({ match: { op, left, right } });

const EXPRESSIONS = [
  [match(payload('tcp', 'dport'), { set: [22, { range: [80, 90] }] }), { counter: null }, { drop: null }],
  [match({ meta: { key: 'iifname' } }, 'eth0', '!='), { jump: { target: 'd' } }],
  [match({ ct: { key: 'state' } }, ['established', 'related'], 'in'), { accept: null }],
  [match(payload('ip', 'saddr'), '@nets'), { goto: { target: 'd' } }],
  [{ vmap: { key: payload('tcp', 'dport'), data: { set: [[22, { drop: null }]] } } }, { xt: null }],
];

/** `nft --json list ruleset` */
export const NFT: readonly string[] = EXPRESSIONS.map((expr, index) =>
  JSON.stringify({
    nftables: [
      { metainfo: { json_schema_version: 1 } },
      ...SETS.map((set) => ({ set })),
      ...['c', 'd'].map((name) => ({
        chain: { family: 'inet', table: 'f', name, handle: 1, type: 'filter', hook: 'input', prio: 0, policy: 'drop' },
      })),
      { rule: { family: 'inet', table: 'f', chain: 'c', handle: 7 + index, expr } },
    ],
  }),
);

export const IPTABLES_SAVE = [
  `*filter
:INPUT DROP [0:0]
:f2b - [0:0]
[12:34] -A INPUT -s 198.51.100.0/24 -i eth+ -p tcp -m tcp ! --dport 20:30 -j f2b
-A INPUT -p tcp -m multiport --dports 22,80:90 -m conntrack --ctstate NEW,UNTRACKED -g f2b
-A f2b -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -m comment --comment "a \\"b" -j REJECT --reject-with tcp-reset
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -d fd00::1/128 -p udp -j DNAT --to-destination 10.0.0.1
COMMIT
`,
];

export const IPTABLES_RULES = [
  `*filter
:INPUT ACCEPT [0:0]
:SPAD-GUARD - [0:0]
:SPAD-PROBE - [0:0]
-A INPUT -j SPAD-GUARD
-A SPAD-GUARD -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
COMMIT
*mangle
:PREROUTING ACCEPT [0:0]
-A PREROUTING -p tcp -j SPAD-GUARD
COMMIT
`,
];

export const KNOCK_RULES = ['-P INPUT ACCEPT\n-N SPAD-KNOCK\n-N SPAD-KNOCK-1\n-A INPUT -j SPAD-KNOCK\n', '-N other\n'];

export const RULE_COMMANDS = [
  '/sbin/iptables -I INPUT 3 -s %IP% -p tcp -m tcp --dport=22 -m state --state NEW -j ACCEPT',
  'ip6tables -D INPUT --source %IP%/128 --protocol udp -m multiport --dports 53,80:90 -m comment --comment "x" -j ACCEPT',
  '/bin/sh -c "x; y"',
];

const CONNECTION =
  '02000000 3400018014000180 08000100c0000209 080002000a000001 1c0002800500010006000000 0600020 09c400000 0600030000160000' +
  '34000280 140001800800010 00a000001 08000200c0000209 1c00028005000100060000000600020000160000060003009c400000' +
  '080003000000000e 10000480 0c000180 0500010003000000';

export const CONNTRACK = [
  `c4000000 0001 0200 00000000 00000000 ${CONNECTION} 14000000 0300 0200 00000000 00000000 00000000`,
  '24000000 0200 0000 00000000 00000000 ffffffff 00000000',
];

export const NFT_SET = [
  JSON.stringify({
    nftables: [
      { metainfo: { version: '1.0.6' } },
      {
        set: {
          ...{ family: 'inet', name: 'allowed', table: 'filter', handle: 1, flags: ['timeout', 'interval'] },
          type: ['ipv4_addr', 'inet_proto', 'inet_service'],
          elem: [
            { elem: { val: { concat: ['192.0.2.1', 'tcp', 22] }, timeout: 30, expires: 29, comment: 'spad' } },
            { concat: [{ prefix: { addr: '10.0.0.0', len: 8 } }, 'udp', { range: [1, 2] }] },
          ],
        },
      },
    ],
  }),
];

export const UFW_RULES = [
  `ENABLED=yes
IPV6="yes"
### tuple ### allow tcp 22 0.0.0.0/0 any 10.99.0.2 in_+ comment=7370616420756e74696c20323032352d31312d32355431343a30333a32325a
-A ufw-user-input -i + -p tcp --dport 22 -s 10.99.0.2 -j ACCEPT
### tuple ### deny tcp 22,23 ::/0 any ::/0 in_+ comment=73706164206775617264
`,
];

export const FIREWALLD = [
  `method return time=1.1 sender=:1.2 -> destination=:1.3 serial=4 reply_serial=2
   array [
      string "rule priority="-32215" family="ipv4" source address="192.0.2.1" port port="22" protocol="tcp" accept"
      string "rule priority="-100" port port="1-2" protocol="udp" drop"
      dict entry(
         string "public"
            string "interfaces"
   ]
`,
];
