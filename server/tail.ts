/** `spad tail`: what the running daemon decides, as it decides it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { type Cidr, parseCidr } from '../src/base/address.ts';
import { nearest } from '../src/base/suggest.ts';
import { paint } from '../src/base/styled.ts';
import { decodeFollowed, isWanted, type RecordFilter } from '../src/control/audit-record.ts';
import { auditWords } from '../src/control/audit-words.ts';
import { AUDIT_EVENTS } from '../src/engine/audit.ts';
import { type Asking, notRunning, type WhereOptions } from './asking.ts';
import { EVERYTHING, followDaemon } from './control/follow.ts';
import { showsColour, untilTold } from './control/terminal.ts';
import { stderrLogger } from './log/logger.ts';

interface TailOptions extends WhereOptions {
  readonly lines: number;
  readonly follow?: true;
  readonly json?: true;
  readonly event: readonly string[];
  readonly reason: readonly string[];
  readonly client: readonly string[];
  readonly source: readonly Cidr[];
}

/** How often a daemon that is not there is looked for. */
const LOOK_AGAIN_MS = 250;

const tail = async (folder: string, options: TailOptions, signal: AbortSignal): Promise<void> => {
  const logger = stderrLogger(process.env);
  const onLine = lineShower(options);
  let [last, isOpen, wasMissed] = [options.lines, false, false];
  const onOpen = (): void => {
    if (wasMissed) logger.info(`spad runs on ${folder}: following it`);
    isOpen = true;
  };
  for (;;) {
    const end = await followDaemon(folder, { last, signal, onOpen, onLine });
    if (signal.aborted) return;
    if (end.kind === 'refused') throw new Error(end.sentence);
    if (options.follow !== true) throw new Error(isOpen ? gone(folder) : notRunning(folder));
    if (isOpen || !wasMissed)
      logger.warn(`spad ${isOpen ? 'has ended' : 'is not running'} on ${folder}: waiting until it runs`);
    // Of one that is new, nothing has been seen.
    [last, isOpen, wasMissed] = [EVERYTHING, false, true];
    await sleep(LOOK_AGAIN_MS);
  }
};

const gone = (folder: string): string => `spad has ended on ${folder}; "spad tail --follow" waits until it runs again`;

/** Writes what is wanted of the lines to standard output. */
const lineShower = ({ json, event, reason, client, source }: TailOptions): ((line: string) => void) => {
  const filter: RecordFilter = { events: event, reasons: reason, clients: client, sources: source };
  const colour = showsColour(process.env, process.stdout.isTTY);
  return (line) => {
    const followed = decodeFollowed(line);
    // Another version may have more to say.
    if (followed === undefined || (followed.kind === 'record' && !isWanted(followed.record, filter))) return;
    process.stdout.write(`${json === true ? line : paint(auditWords(followed), colour)}\n`);
  };
};

/** Adds what a list with commas has to what was listed before. */
const listOf =
  <T>(read: (word: string) => T) =>
  (text: string, before: readonly T[]): readonly T[] => [
    ...before,
    ...text.split(',').map((word) => read(word.trim())),
  ];

const eventWord = (word: string): string => {
  if (AUDIT_EVENTS.some((event) => event === word)) return word;
  const likely = nearest(word, AUDIT_EVENTS);
  throw new InvalidArgumentError(
    likely === undefined ? `It is one of ${AUDIT_EVENTS.join(', ')}.` : `Did you mean ${likely}?`,
  );
};

const sourceWord = (word: string): Cidr => {
  const cidr = parseCidr(word);
  if (cidr === undefined)
    throw new InvalidArgumentError('It is an address or a network such as 192.0.2.9 or 192.0.2.0/24.');
  return cidr;
};

const lineCount = (text: string): number => {
  if (!/^[0-9]{1,6}$/.test(text)) throw new InvalidArgumentError('It is a number of lines, such as 10 or 0.');
  return Number(text);
};

const asItIs = (word: string): string => word;

/** Adds the command. */
export const defineTail = ({ define, whereOf }: Asking, onStatus: (status: number) => void): void => {
  const command: Command = define('tail', 'show the audit lines as they come, for people')
    .option('-n, --lines <count>', 'begin with so many lines of before', lineCount, 10)
    .option('-f, --follow', 'wait for a daemon that is not running, or not any more')
    .option('--event <names>', 'only these events, such as granted,rejected', listOf(eventWord), [])
    .option('--reason <names>', 'only these reasons, such as replayed', listOf(asItIs), [])
    .option('--client <names>', 'only these stanzas or doors', listOf(asItIs), [])
    .option('--source <addresses>', 'only packets from these addresses or networks', listOf(sourceWord), [])
    .option('--json', 'the lines as they stand in the audit log');
  command.action(async (options: TailOptions) => {
    const { folder } = whereOf(options);
    await tail(folder, options, untilTold());
    onStatus(0);
  });
};
