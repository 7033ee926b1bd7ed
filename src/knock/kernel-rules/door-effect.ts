/**
 * What a door opens or closes, read from what it says: ports of its own (`open = tcp/22`), or commands of iptables that
 * come to the same.
 */
import type { Cidr, Family } from '../../base/address.ts';
import { formatPortSpec, type PortSpec } from '../../base/port-spec.ts';
import { type Door, type DoorField, startCommandFor, stopCommandFor } from '../door.ts';
import { readRuleCommand, type RuleCommand } from './iptables-command.ts';

/** A door, and what spad.conf can say of it beside knockd's keys; the parts of a DoorRule that matter here. */
export interface PlannedDoor {
  readonly door: Door;
  /** What opens without a command. Canonical; empty for a door of knockd.conf. */
  readonly open: readonly PortSpec[];
  /** Seconds, above 0 where something opens so. */
  readonly openFor: number;
  /** Where a knocker may come from. */
  readonly sources: readonly Cidr[];
  readonly rate: unknown;
  /** A sequence that follows from the minute. */
  readonly timed: unknown;
}

/** What a door does in one family, before it is known which doors it closes. */
export interface Finding {
  readonly door: Door;
  /** The door's place in the file, from 1. */
  readonly number: number;
  readonly command: RuleCommand;
  /** Seconds; undefined: for ever. */
  readonly window: number | undefined;
  /** Where a knocker may come from, in this family; empty: from anywhere. */
  readonly sources: readonly Cidr[];
}

/** Notes an issue about a door, at the line of `field` where that was said, else at the door's own. */
export type Complain = (
  door: Door,
  field: DoorField | undefined,
  problem: string,
  hint: string,
  severity?: 'warning',
) => void;

/** What the door does, at most one finding a family; none without a complaint. */
export const findEffects = (planned: PlannedDoor, number: number, complain: Complain): Finding[] => {
  const { door, open, rate } = planned;
  let complaints = 0;
  const counting: Complain = (...issue) => {
    complaints++;
    complain(...issue);
  };
  if (rate !== undefined) counting(door, undefined, 'kernel rules count no opens', 'leave "rate" out');
  if (open.length > 0 && (door.startCommand ?? door.startCommand6) !== undefined)
    counting(door, 'startCommand', 'it opens ports and runs a command besides', 'leave one of the two out');
  const found = ([4, 6] as const).flatMap((family) => {
    const sources = planned.sources.filter(({ address }) => address.family === family);
    const { targetAddress: target } = door;
    if (sources.length === 0 || (target !== undefined && target.family !== family)) return [];
    const effect = open.length > 0 ? openEffect(planned, family) : findEffect(door, family, counting);
    const anywhere = sources.some(({ prefix }) => prefix === 0);
    return effect === undefined ? [] : [{ door, number, ...effect, sources: anywhere ? [] : sources }];
  });
  if (found.length === 0 && complaints === 0)
    complain(door, undefined, 'it opens nothing', 'give it a start_command of iptables, or leave the door out');
  return found;
};

type Effect = Pick<Finding, 'command' | 'window'>;

const openEffect = ({ open, openFor }: PlannedDoor, family: Family): Effect => ({
  command: {
    verb: 'insert',
    family,
    ports: open,
    rule: `open ${String(family)} ${open.map(formatPortSpec).join(' ')}`,
  },
  window: openFor,
});

const findEffect = (door: Door, family: Family, complain: Complain): Effect | undefined => {
  const text = startCommandFor(door, family);
  if (text === undefined || text === '') return undefined;
  const field = family === 6 && door.startCommand6 !== undefined ? 'startCommand6' : 'startCommand';
  const start = readRuleCommand(text);
  if (!start.ok) {
    // For IPv6 the same command would be complained of once more.
    if (family === 4 || field === 'startCommand6') complain(door, field, start.error.problem, start.error.hint);
    return undefined;
  }
  if (start.value.family !== family) {
    if (field === 'startCommand6') complain(door, field, 'iptables knows no IPv6', 'say ip6tables');
    // A command of the other family that serves for want of one fails whenever knockd runs it: nothing opens.
    return undefined;
  }
  const window = windowOf(door, family, start.value, complain);
  return window === 'wrong' ? undefined : { command: start.value, window };
};

/** Seconds from opening to closing, undefined for ever; `wrong` where the stop command does not undo the start command. */
const windowOf = (door: Door, family: Family, start: RuleCommand, complain: Complain): number | undefined | 'wrong' => {
  const text = stopCommandFor(door, family);
  if (text === undefined) return undefined;
  const field = family === 6 && door.stopCommand6 !== undefined ? 'stopCommand6' : 'stopCommand';
  const wrong = (problem: string, hint: string): 'wrong' => {
    complain(door, field, problem, hint);
    return 'wrong';
  };
  const stop = readRuleCommand(text);
  if (!stop.ok) return wrong(stop.error.problem, stop.error.hint);
  if (start.verb === 'delete') return wrong('a door that closes cannot open again by itself', 'leave stop_command out');
  if (stop.value.verb !== 'delete' || stop.value.rule !== start.rule)
    return wrong(
      'it does not take out just the rule that start_command puts in',
      'the same command with -D for -I or -A',
    );
  if (door.cmdTimeout === 0) {
    complain(door, 'cmdTimeout', 'it closes at the moment it opens', 'cmd_timeout = 10');
    return 'wrong';
  }
  return door.cmdTimeout < 0 ? undefined : door.cmdTimeout;
};
