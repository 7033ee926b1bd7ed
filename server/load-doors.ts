/** Doors from spad.conf, knockd.conf, the files of one-time sequences and those of secrets, or every problem with them. */
import { readKeyFile } from '../keys/key-file.ts';
import { type DoorEntry, plainRule, withSecret } from '../src/config/door.ts';
import type { Issue } from '../src/config/issue.ts';
import type { SpadConf } from '../src/config/spad-conf.ts';
import type { Door } from '../src/knock/door.ts';
import type { DoorRule } from '../src/knock/door-rule.ts';
import { loadKnockdConf, targetFault } from './knockd/load.ts';
import { openOneTimeFile, sequencesToCome } from './knockd/one-time-file.ts';

/** Notes a problem; a line of 0 is the file as a whole. */
type Complain = (file: string, line: number, problem: string, hint: string, severity?: Issue['severity']) => void;

/** Those of `[door NAME]` first, then those of knockd.conf; `file` is spad.conf in the issues. */
export const loadDoors = (conf: SpadConf, file: string, issues: Issue[]): readonly DoorRule[] => {
  const complain: Complain = (at, line, problem, hint, severity = 'error') => {
    issues.push({ severity, file: at, line, problem, hint });
  };
  const own = conf.doors.flatMap((entry) => loadEntry(entry, file, complain));
  const path = conf.daemon.knockd_conf;
  return path === undefined ? own : [...own, ...loadKnockd(path, complain)];
};

const loadEntry = (entry: DoorEntry, file: string, complain: Complain): DoorRule[] => {
  const { rule, timed, line } = entry;
  if (timed !== undefined) {
    try {
      return [withSecret(entry, 'secret' in timed.key ? timed.key.secret : readKeyFile(timed.key.file))];
    } catch (error) {
      complain(file, line, error instanceof Error ? error.message : String(error), 'make one with `spa-keys generate`');
      return [];
    }
  }
  const { oneTimeFile, name, lines } = rule.door;
  if (oneTimeFile === undefined) return [rule];
  const at = lines.oneTimeFile ?? line;
  const hint = 'one sequence a line, such as 7000,8000:udp; the file must be writable';
  const first = openOneTimeFile(nameOf(oneTimeFile), name, (text) => complain(file, at, text, hint, 'warning'));
  if (first.ok) return [withSequences(rule)];
  complain(file, at, first.error, hint);
  return [];
};

/** The door with the sequences of its file, of which the first is in force. */
const withSequences = (rule: DoorRule): DoorRule => {
  const { oneTimeFile } = rule.door;
  if (oneTimeFile === undefined) return rule;
  const [steps = [], ...nextSteps] = sequencesToCome(nameOf(oneTimeFile));
  return { ...rule, door: { ...rule.door, steps }, nextSteps };
};

/** Paths are bytes in a door, text to Node. */
const nameOf = (path: string): string => Buffer.from(path, 'latin1').toString('utf8');

/** knockd's own parser, which ends at the first error. Its [options] are about another daemon and mean nothing here. */
const loadKnockd = (path: string, complain: Complain): DoorRule[] => {
  const hint = 'knockd would not start with it either; see docs/from-knockd.md';
  const warn = (text: string): void => complain(path, 0, text, 'the line is passed over', 'warning');
  const reading = loadKnockdConf({ shown: path, path, warn, echo: () => undefined });
  if (!reading.ok) {
    const { line, message } = reading.error;
    complain(path, line, message.replace(/^config: line [0-9]+: /, '').replaceAll('\n', '; '), hint);
    return [];
  }
  const fault = targetFault(reading.value, false);
  if (fault !== undefined) complain(path, 0, fault, hint);
  const doors = reading.value.doors.map((door) => withSequences(plainRule(door)));
  for (const { door } of doors) warnOfNoPort(door, path, complain);
  return doors;
};

/** knockd takes what is no number for port 0, and says nothing. */
const warnOfNoPort = ({ name, steps, lines }: Door, path: string, complain: Complain): void => {
  const place = steps.findIndex(({ port }) => port === 0);
  if (place < 0) return;
  const problem = `[${name}] waits for port 0 as knock ${String(place + 1)} of its sequence, to which hardly any program can send`;
  complain(path, lines.steps ?? 0, problem, 'ports are numbers with commas between: 7000,8000:udp', 'warning');
};
