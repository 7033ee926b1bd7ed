/**
 * Doors as the kernel can hold them. Of each door it is found out what it opens, for whom and until when; whatever needs
 * a daemon is an issue that names the door and the line.
 *
 * The rules made from this follow knockd: only a knock that fits some door is seen at all; while a source has an attempt,
 * each of its knocks either moves an attempt on or ends it, and none begins another; the time limit counts from the first
 * knock. Three things differ, all described in docs/kernel-doors.md: time is exact, not in whole seconds; the attempts of
 * one source never disturb another's; and who knocks again keeps the door open for a full window more.
 */
import type { Cidr, Family, IpAddress } from '../../base/address.ts';
import { coversPorts, formatPortSpec, normalizePorts, type PortSpec } from '../../base/port-spec.ts';
import { printable } from '../../base/printable.ts';
import type { Door, KnockStep, TcpFlags } from '../door.ts';
import { type Complain, type Finding, findEffects, type PlannedDoor } from './door-effect.ts';
import type { RuleCommand } from './iptables-command.ts';

/** What happens when a sequence is complete. */
export type KernelEffect =
  | {
      readonly kind: 'open';
      readonly ports: readonly PortSpec[];
      /** Seconds; undefined: until a door closes it, or the rules go. */
      readonly window: number | undefined;
    }
  /** `doors`: the numbers of those whose openings end. */
  | { readonly kind: 'close'; readonly doors: readonly number[] };

export interface KernelDoor {
  /** From 1, its place in the file: the same in both families. */
  readonly number: number;
  readonly name: string;
  readonly line: number;
  /** One at least. */
  readonly steps: readonly KnockStep[];
  /** Seconds from the first knock, above 0 where there is more than one step. */
  readonly seqTimeout: number;
  readonly tcpFlags: TcpFlags | undefined;
  /** The destination that counts; undefined: every address of the host. */
  readonly target: IpAddress | undefined;
  /** Where a knocker may come from; empty: from anywhere. */
  readonly sources: readonly Cidr[];
  readonly strict: boolean;
  readonly effect: KernelEffect;
}

/** The doors of one family, and the ports that are shut to those who have not knocked. */
export interface KernelPlan {
  readonly family: Family;
  readonly doors: readonly KernelDoor[];
  /** Canonical; the same in both families. */
  readonly guarded: readonly PortSpec[];
}

/** Something wrong with the doors, in the words of an issue; the file is the caller's to name. */
export interface DoorIssue {
  /** A warning is told, and there are rules all the same. */
  readonly severity: 'error' | 'warning';
  /** From 1; 0 where it is about the file as a whole. */
  readonly line: number;
  readonly problem: string;
  readonly hint: string;
}

export interface PlanOptions {
  readonly families: readonly Family[];
  /** Every door is strict, whatever it says itself. */
  readonly strict: boolean;
}

export interface Planning {
  /** Undefined where there is an error among the issues; else one a family, in the order asked for. */
  readonly plans: readonly KernelPlan[] | undefined;
  readonly issues: readonly DoorIssue[];
}

/** Turns doors into plans, or says of each what cannot be. */
export const planDoors = (doors: readonly PlannedDoor[], options: PlanOptions): Planning => {
  const issues: DoorIssue[] = [];
  const complain: Complain = (door, field, problem, hint, severity) => {
    const line = (field === undefined ? undefined : door.lines[field]) ?? door.line;
    const text = `door "${printable(door.name)}": ${problem}`;
    issues.push({ severity: severity ?? 'error', line, problem: text, hint });
  };
  const findings = doors.flatMap((planned, index) => {
    checkKnocks(planned, complain);
    return findEffects(planned, index + 1, complain);
  });
  const guarded = normalizePorts(findings.flatMap(({ command }) => (command.verb === 'insert' ? command.ports : [])));
  const plans = options.families.map((family): KernelPlan => {
    const here = findings.filter(({ command }) => command.family === family);
    return { family, guarded, doors: here.map((finding) => kernelDoor(finding, here, options.strict, complain)) };
  });
  if (!hasError(issues)) warn(findings, plans, issues, complain);
  const sorted = issues.sort((a, b) => a.line - b.line);
  return { plans: hasError(sorted) ? undefined : plans, issues: sorted };
};

const checkKnocks = ({ door, timed }: PlannedDoor, complain: Complain): void => {
  if (timed !== undefined)
    complain(door, 'steps', 'the kernel cannot work out a sequence from a secret', 'give it one "sequence"');
  else if (door.oneTimeFile !== undefined)
    complain(door, 'oneTimeFile', 'the kernel cannot use up a file of one-time sequences', 'give it one "sequence"');
  else if (door.steps.length === 0) complain(door, 'steps', 'no sequence', 'sequence = 7000,8000,9000');
  if (door.steps.length > 1 && door.seqTimeout < 1)
    complain(door, 'seqTimeout', 'no time for a second knock, so it never opens', 'seq_timeout = 5');
  if (door.target !== undefined && door.targetAddress === undefined)
    complain(door, 'target', `"${printable(door.target, 60)}" is not an address`, 'target = 192.0.2.1');
};

const kernelDoor = (
  { door, number, command, window, sources }: Finding,
  here: readonly Finding[],
  allStrict: boolean,
  complain: Complain,
): KernelDoor => ({
  number,
  name: door.name,
  line: door.line,
  steps: door.steps,
  seqTimeout: door.seqTimeout,
  tcpFlags: door.tcpFlags,
  target: door.targetAddress,
  sources,
  strict: door.strict || allStrict,
  effect:
    command.verb === 'insert'
      ? { kind: 'open', ports: command.ports, window }
      : { kind: 'close', doors: closedBy(door, command, here, complain) },
});

const closedBy = (door: Door, command: RuleCommand, here: readonly Finding[], complain: Complain): number[] => {
  const opened = here.filter(({ command: other }) => other.verb === 'insert' && other.rule === command.rule);
  if (opened.length === 0)
    complain(
      door,
      command.family === 6 && door.startCommand6 !== undefined ? 'startCommand6' : 'startCommand',
      'it takes out a rule that no other door puts in',
      'the same chain and options as in the door that opens, with -D for -I or -A',
    );
  return opened.map(({ number }) => number);
};

/** What loads and works, and may yet surprise. */
const warn = (
  findings: readonly Finding[],
  plans: readonly KernelPlan[],
  issues: DoorIssue[],
  complain: Complain,
): void => {
  for (const { door, number, command, window } of findings) {
    if (command.verb === 'delete' || window !== undefined) continue;
    const doors = plans.flatMap((plan) => (plan.family === command.family ? plan.doors : []));
    const closes = doors.some(({ effect }) => effect.kind === 'close' && effect.doors.includes(number));
    if (!closes && doors.length > 0)
      complain(
        door,
        undefined,
        'nothing closes it again',
        'give it a stop_command, or another door with -D',
        'warning',
      );
  }
  for (const { family, doors, guarded } of plans) {
    const opened = normalizePorts(doors.flatMap(({ effect }) => (effect.kind === 'open' ? effect.ports : [])));
    const shut = guarded.filter((spec) => !coversPorts(opened, spec));
    if (shut.length === 0) continue;
    issues.push({
      severity: 'warning',
      line: 0,
      problem: `${shut.map(formatPortSpec).join(', ')} is shut to everyone over IPv${String(family)}, where no door opens it`,
      hint:
        family === 6
          ? 'give the door a start_command_6 with ip6tables, or say --family 4 to leave IPv6 alone'
          : 'give the door a start_command with iptables, or say --family 6 to leave IPv4 alone',
    });
  }
};

const hasError = (issues: readonly DoorIssue[]): boolean => issues.some(({ severity }) => severity === 'error');
