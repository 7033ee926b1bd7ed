/** The comments of a ruleset: where it comes from, how it is loaded and removed, what each door does. */
import { formatAddress, formatCidr } from '../../base/address.ts';
import { formatPortSpec } from '../../base/port-spec.ts';
import { printable } from '../../base/printable.ts';
import { formatSteps, TCP_FLAG_BITS, type TcpFlags } from '../door.ts';
import type { KernelDoor, KernelPlan } from './plan.ts';

/** The head of a ruleset, as comments. `how`: what to do with it. */
export const headerLines = (source: string, plans: readonly KernelPlan[], how: readonly string[]): string[] => {
  const guarded = plans[0]?.guarded ?? [];
  const shut = guarded.length === 0 ? 'nothing' : guarded.map(formatPortSpec).join(', ');
  return [
    `Port knocking by the kernel alone: doors compiled by "spad compile" from ${printable(source)}`,
    ...how,
    `Shut to new connections of whoever has not knocked: ${shut}`,
  ].map((line) => `# ${line}`);
};

/** `door 1 "openSSH" (line 5): 7000:tcp,8000:udp within 5 s (syn) opens tcp/22 for 10 s` */
export const describeDoor = (door: KernelDoor): string => {
  const { steps, tcpFlags, target, sources, effect } = door;
  const parts = [
    `door ${String(door.number)} "${printable(door.name)}" (line ${String(door.line)}): ${formatSteps(steps)}`,
    sources.length === 0 ? '' : `from ${sources.map(formatCidr).join(', ')}`,
    target === undefined ? '' : `to ${formatAddress(target)}`,
    steps.length > 1 ? `within ${String(door.seqTimeout)} s` : '',
    tcpFlags === undefined ? '' : `(${describeFlags(tcpFlags)})`,
    door.strict ? 'and nothing else in between' : '',
    effect.kind === 'close'
      ? `closes door ${effect.doors.join(' and ')}`
      : `opens ${effect.ports.map(formatPortSpec).join(', ')} ${effect.window === undefined ? 'until closed' : `for ${String(effect.window)} s`}`,
  ];
  return parts.filter((part) => part !== '').join(' ');
};

/** Flags as a door names them: `syn,!ack`. */
const describeFlags = (flags: TcpFlags): string =>
  Object.entries(TCP_FLAG_BITS)
    .filter(([, bit]) => (flags.mask & bit) !== 0)
    .map(([name, bit]) => ((flags.value & bit) === 0 ? `!${name}` : name))
    .join(',');

/** The names of the flags in a mask, in one order. */
export const flagNames = (bits: number): string[] =>
  Object.entries(TCP_FLAG_BITS)
    .filter(([, bit]) => (bits & bit) !== 0)
    .map(([name]) => name);
