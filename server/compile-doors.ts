/** The doors that `spad compile` turns into rules: those of a knockd.conf, or the `[door …]` sections of a spad.conf. */
import { readFileSync } from 'node:fs';
import { readSecretFile } from '../keys/safe-file.ts';
import { parseCidr } from '../src/base/address.ts';
import type { Issue } from '../src/config/issue.ts';
import { parseKnockdConf } from '../src/config/knockd-conf.ts';
import { parseSpadConf } from '../src/config/spad-conf.ts';
import type { PlannedDoor } from '../src/knock/kernel-rules/door-effect.ts';

export interface DoorsReading {
  /** Undefined where there is an error among the issues. */
  readonly doors: readonly PlannedDoor[] | undefined;
  readonly issues: readonly Issue[];
}

const ANYWHERE = ['0.0.0.0/0', '::/0'].map(parseCidr).filter((cidr) => cidr !== undefined);

/** Throws where the file cannot be read. */
export const readDoors = (file: string): DoorsReading => {
  const text = readFileSync(file, 'latin1');
  // A spad.conf has this section in any case; in a knockd.conf it would be a door of that name, which nobody has.
  return /^[ \t]*\[spad\]/m.test(text) ? ofSpad(file) : ofKnockd(text, file);
};

const ofKnockd = (text: string, file: string): DoorsReading => {
  const reading = parseKnockdConf(text, file);
  if (!reading.ok) {
    const { line, message } = reading.error;
    const issue: Issue = { severity: 'error', file, line, problem: fromBytes(message), hint: 'see knockd(1)' };
    return { doors: undefined, issues: [issue] };
  }
  const nothingMore = { open: [], openFor: 0, sources: ANYWHERE, rate: undefined, timed: undefined };
  const doors = reading.value.doors.map((door) => ({ door: { ...door, name: fromBytes(door.name) }, ...nothingMore }));
  return { doors, issues: [] };
};

/** knockd passes bytes through, and so does its parser; for people they are UTF-8. */
const fromBytes = (text: string): string => Buffer.from(text, 'latin1').toString('utf8');

const ofSpad = (file: string): DoorsReading => {
  const { conf, issues } = parseSpadConf(readSecretFile(file), file);
  if (conf === undefined) return { doors: undefined, issues };
  const doors = conf.doors.map(({ rule, timed }) => ({ ...rule, timed }));
  if (conf.daemon.knockd_conf === undefined) return { doors, issues: [] };
  const problem = `the doors of ${conf.daemon.knockd_conf} are not among these`;
  const hint = 'rules are made from one file; move those doors here';
  return { doors, issues: [{ severity: 'warning', file, line: 0, problem, hint }] };
};
