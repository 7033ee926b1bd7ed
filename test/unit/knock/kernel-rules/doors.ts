/** Doors for these tests, from the text of a knockd.conf, and their plans. */
import { type Family, parseCidr } from '../../../../src/base/address.ts';
import { parseKnockdConf } from '../../../../src/config/knockd-conf.ts';
import type { PlannedDoor } from '../../../../src/knock/kernel-rules/door-effect.ts';
import { type KernelPlan, planDoors, type Planning } from '../../../../src/knock/kernel-rules/plan.ts';

const ANYWHERE = ['0.0.0.0/0', '::/0'].map(parseCidr).filter((cidr) => cidr !== undefined);

export const doorsOf = (text: string): readonly PlannedDoor[] => {
  const reading = parseKnockdConf(text, 'knockd.conf');
  if (!reading.ok) throw new Error(reading.error.message);
  return reading.value.doors.map((door) => ({
    door,
    open: [],
    openFor: 0,
    sources: ANYWHERE,
    rate: undefined,
    timed: undefined,
  }));
};

export const planning = (text: string, families: readonly Family[] = [4, 6], strict = false): Planning =>
  planDoors(doorsOf(text), { families, strict });

export const plansOf = (text: string, families?: readonly Family[], strict?: boolean): readonly KernelPlan[] => {
  const { plans, issues } = planning(text, families, strict);
  if (plans === undefined) throw new Error(issues.map(({ problem }) => problem).join('; '));
  return plans;
};

/** The issues as `severity LINE: problem (hint)`. */
export const issuesOf = (text: string, families?: readonly Family[]): string[] =>
  planning(text, families).issues.map(
    ({ severity, line, problem, hint }) => `${severity} ${String(line)}: ${problem} (${hint})`,
  );

/** The README's first door: open and shut again by itself, IPv4 and IPv6. */
export const TIMED = `[openSSH]
sequence = 7000,8000:udp,9000
seq_timeout = 5
tcpflags = syn,!ack
start_command = /sbin/iptables -A INPUT -s %IP% -p tcp --dport 22 -j ACCEPT
start_command_6 = /sbin/ip6tables -A INPUT -s %IP% -p tcp --dport 22 -j ACCEPT
cmd_timeout = 30
stop_command = /sbin/iptables -D INPUT -s %IP% -p tcp --dport 22 -j ACCEPT
stop_command_6 = /sbin/ip6tables -D INPUT -s %IP% -p tcp --dport 22 -j ACCEPT
`;

/** A door that opens until another closes, by one knock each, IPv4 only. */
export const PAIR = `[open]
sequence = 7000
command = iptables -I INPUT -s %IP% -p udp -m multiport --dports 53,5000:5010 -j ACCEPT
[close]
sequence = 7001
command = iptables -D INPUT -s %IP% -p udp -m multiport --dports 53,5000:5010 -j ACCEPT
`;
