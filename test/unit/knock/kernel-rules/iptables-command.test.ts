import { describe, expect, test } from 'vitest';
import { formatPortSpec } from '../../../../src/base/port-spec.ts';
import { readRuleCommand } from '../../../../src/knock/kernel-rules/iptables-command.ts';

/** What a command says, as `insert 4 tcp/22`, or what is wrong with it. */
const read = (text: string): string => {
  const result = readRuleCommand(text);
  if (!result.ok) return `${result.error.problem} (${result.error.hint})`;
  const { verb, family, ports } = result.value;
  return `${verb} ${String(family)} ${ports.map(formatPortSpec).join(' ')}`;
};

const ruleOf = (text: string): string => {
  const result = readRuleCommand(text);
  if (!result.ok) throw new Error(result.error.problem);
  return result.value.rule;
};

describe('a rule that accepts ports from the one who knocked', () => {
  test.each([
    // The manual page of knockd, Debian's knockd.conf, the ArchWiki.
    ['/sbin/iptables -A INPUT -s %IP% -p tcp --syn --dport 22 -j ACCEPT', 'insert 4 tcp/22'],
    ['/sbin/iptables -A INPUT -s %IP% -p tcp --dport 22 -j ACCEPT', 'insert 4 tcp/22'],
    ['/usr/bin/iptables -D TCP -s %IP% -p tcp --dport 22 -j ACCEPT', 'delete 4 tcp/22'],
    ['/sbin/ip6tables -D INPUT -s %IP% -p tcp --dport 22 -j ACCEPT', 'delete 6 tcp/22'],
    ['iptables -I INPUT 1 -s %IP% -p tcp --dport 22 -j ACCEPT', 'insert 4 tcp/22'],
    ['iptables -w -I INPUT -s %IP%/32 -p 17 --dport 1194 -j ACCEPT', 'insert 4 udp/1194'],
    ['iptables -w 5 -I INPUT -s %IP% -p 6 --dport 22 -j ACCEPT', 'insert 4 tcp/22'],
    ['  ip6tables-nft   --insert\tssh-in --src %IP%/128 --proto udp --dport 53  --jump ACCEPT ', 'insert 6 udp/53'],
    ['iptables -t filter -I INPUT -p tcp -m tcp --dport=6000:6010 -s %IP% -j ACCEPT', 'insert 4 tcp/6000-6010'],
    ['iptables -I INPUT -s %IP% -p tcp -m multiport --dports 443,80,81,82 -j ACCEPT', 'insert 4 tcp/80-82 tcp/443'],
    ['iptables -A INPUT -m state --state NEW -s %IP% -p tcp --dport 22 -j ACCEPT', 'insert 4 tcp/22'],
    [
      'iptables -A INPUT -m conntrack --ctstate NEW,ESTABLISHED -m comment --comment knock -s %IP% -p tcp --dport 22 -j ACCEPT',
      'insert 4 tcp/22',
    ],
  ])('%s', (text, meaning) => {
    expect(read(text)).toBe(meaning);
  });
});

describe('whatever else is refused, with what would be right', () => {
  const rule = '-s %IP% -p tcp --dport 22 -j ACCEPT';
  test.each([
    ['/usr/local/bin/open %IP%', '"/usr/local/bin/open" is a program for a daemon to run'],
    ['nft add element inet filter knock { %IP% }', '"{" needs a shell'],
    ['nft add rule inet filter input tcp dport 22 accept', '"nft" is a program'],
    ['ufw allow from %IP% to any port 22', '"ufw" is a program'],
    ['', '"" is a program'],
    [`/bin/iptables-restore -I INPUT ${rule}`, 'is a program'],
    [`sudo iptables -I INPUT ${rule}`, '"sudo" is a program'],
    [`iptables -I INPUT ${rule}; logger open`, '";" needs a shell'],
    [`iptables -I INPUT ${rule} && true`, '"&" needs a shell'],
    [`iptables -I INPUT ${rule} # ssh`, '"#" needs a shell'],
    [`iptables -I INPUT ! ${rule}`, '"!" needs a shell'],
    [`iptables -I "INPUT" ${rule}`, 'needs a shell'],
    [`iptables -I INPUT -i eth0 ${rule}`, '"-i" is not an option that a kernel rule can stand for'],
    [`iptables -I INPUT -d 192.0.2.1 ${rule}`, '"-d" is not an option'],
    [`iptables -I INPUT -m limit --limit 3/min ${rule}`, '"-m limit" narrows the rule'],
    [`iptables -t nat -I INPUT ${rule}`, 'it works on the table nat'],
    [`iptables -I FORWARD ${rule}`, "the chain FORWARD is not on the way to this host's own ports"],
    [`iptables -I INPUT -D INPUT ${rule}`, '-D after another -A, -I or -D'],
    [`iptables ${rule}`, 'it neither puts in (-I, -A) nor takes out (-D) a rule'],
    ['iptables -D INPUT 3', '"3" is not an option'],
    ['iptables -I INPUT -s %IP% -p tcp --dport 22 -j DROP', 'it does not accept (end it with "-j ACCEPT")'],
    ['iptables -I INPUT -p tcp --dport 22 -j ACCEPT', 'it is not for the address that has knocked (say "-s %IP%")'],
    ['iptables -I INPUT -s 0.0.0.0/0 -p tcp --dport 22 -j ACCEPT', 'it is not for the address'],
    ['iptables -I INPUT -s %IP%/24 -p tcp --dport 22 -j ACCEPT', 'it is not for the address'],
    ['iptables -I INPUT -s %ip% -p tcp --dport 22 -j ACCEPT', 'it is not for the address'],
    ['iptables -I INPUT -s %IP% -j ACCEPT', 'it names neither TCP nor UDP (say "-p tcp" or "-p udp")'],
    ['iptables -I INPUT -s %IP% -p icmp -j ACCEPT', 'it names neither TCP nor UDP'],
    ['iptables -I INPUT -s %IP% -p tcp -j ACCEPT', 'it names no port, or not as a number'],
    ['iptables -I INPUT -s %IP% -p tcp --dport ssh -j ACCEPT', 'it names no port, or not as a number'],
    ['iptables -I INPUT -s %IP% -p tcp --dport 70000 -j ACCEPT', 'it names no port'],
    ['iptables -I INPUT -s %IP% -p tcp --dport 30:20 -j ACCEPT', 'it names no port'],
    ['iptables -I INPUT -s %IP% -p tcp --dport -j ACCEPT', '"ACCEPT" is not an option'],
    ['iptables -I INPUT -s %IP% -p tcp --dports 1,2 -j ACCEPT', '--dports without "-m multiport"'],
    [`iptables -I INPUT --dport 23 ${rule}`, '--dport says something a second time'],
    ['iptables -I INPUT -s %IP% -p tcp -m udp --dport 22 -j ACCEPT', 'it speaks of tcp and of udp'],
    ['iptables -I INPUT -s %IP% -p udp --syn --dport 22 -j ACCEPT', 'it speaks of udp and of tcp'],
    [`iptables -I INPUT -m state --state ESTABLISHED ${rule}`, 'its connection states are without NEW'],
    ['iptables -I INPUT -s %IP% -p tcp --dport 22 -j', '-j without a value'],
  ])('%s', (text, problem) => {
    expect(read(text)).toContain(problem);
  });
});

describe('what takes out what', () => {
  const start = ruleOf('iptables -I INPUT 3 -s %IP% -p tcp --dport 22 -m state --state NEW -j ACCEPT');

  test('the same rule in another order, with another path, from another place', () => {
    const stop = 'iptables -D INPUT -m state --state NEW -p tcp -s %IP%/32 --dport 22 -j ACCEPT';
    expect(ruleOf(`/usr/sbin/${stop}`)).toBe(start);
  });

  test.each([
    ['another chain', 'iptables -D TCP -s %IP% -p tcp --dport 22 -m state --state NEW -j ACCEPT'],
    ['another port', 'iptables -D INPUT -s %IP% -p tcp --dport 23 -m state --state NEW -j ACCEPT'],
    ['another protocol', 'iptables -D INPUT -s %IP% -p udp --dport 22 -m state --state NEW -j ACCEPT'],
    ['a match less', 'iptables -D INPUT -s %IP% -p tcp --dport 22 -j ACCEPT'],
    ['the other family', 'ip6tables -D INPUT -s %IP% -p tcp --dport 22 -m state --state NEW -j ACCEPT'],
  ])('not %s', (_, stop) => {
    expect(ruleOf(stop)).not.toBe(start);
  });
});

test('what every object has is no verb', () => {
  expect(read('iptables constructor INPUT -s %IP% -p tcp --dport 22 -j ACCEPT')).toMatch(
    /"constructor" is not an option/,
  );
});
