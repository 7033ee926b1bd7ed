/** The command line of the bench. */
import { parseArgs } from 'node:util';
import type { Mode, Question } from './question.ts';

export interface Options {
  readonly mode: Mode;
  readonly questions: readonly Question[];
  readonly packets: number;
  readonly starts: number;
  readonly rounds: number;
  /** Seconds. */
  readonly patience: number;
  readonly json: boolean;
  readonly write: boolean;
  readonly help: boolean;
}

/** What is not said on the command line. */
const DEFAULTS: Readonly<Record<Mode, Readonly<Record<'packets' | 'starts' | 'rounds' | 'patience', number>>>> = {
  short: { packets: 10, starts: 1, rounds: 1, patience: 0 },
  full: { packets: 200, starts: 5, rounds: 3, patience: 240 },
};

const WIDTH = 120;
/** Where the text beside a name begins. */
const COLUMN = 18;

/** The text of `--help`: one entry for each question. */
export function helpText(questions: readonly Question[]): string {
  const names = questions.map(({ name }) => `[${name}]`).join(' ');
  const { short, full } = DEFAULTS;
  const both = (key: keyof typeof short): string => `(${short[key]}, with --full ${full[key]})`;
  return `${wrapped('Usage: npm run bench -- ', `${names} [OPTION...]`, 'Usage: npm run bench -- '.length)}

Measures spad beside fwknopd and knockd, on real packets in network namespaces. Without a question all are asked, few
packets and one round each, for a look; with --full at length, for figures to be trusted.
Root is needed. The firewall of this machine is not touched. Where fwknopd or fwknop is not installed
(Debian: fwknop-server, fwknop-client), or knockd, spad is measured alone.

${questions.map(({ name, summary }) => entry(name, summary)).join('\n')}

${entry('--full', 'more packets, rounds and sizes: what the page is made with')}
${entry('--packets N', `latency, fwknop: measured packets for each daemon, 10 to 1000 ${both('packets')}`)}
${entry('--starts N', `start, scale: measured starts of each daemon, 1 to 50 ${both('starts')}`)}
${entry('--rounds N', `rounds of each daemon or back-end where nothing else is said, 1 to 10 ${both('rounds')}`)}
${entry(
  '--patience N',
  'seconds to spend at most on waiting for a quiet machine, and on repeating what others have disturbed, ' +
    `0 to 7200 ${both('patience')}`,
)}
${entry('--json', 'print every figure as JSON, and progress on standard error only')}
${entry('--write', 'put each table and plot into docs/performance.md and docs/plots once it is there')}
${entry('--help', 'this text')}

How it is measured: docs/performance.md
`;
}

function entry(name: string, text: string): string {
  return wrapped(`  ${name}`.padEnd(COLUMN), text, COLUMN);
}

/** Words in lines of {@link WIDTH} characters, all but the first indented. */
function wrapped(first: string, text: string, indent: number): string {
  const lines: string[] = [];
  let line = first;
  for (const word of text.split(' ')) {
    const empty = line.trim() === '' || line === first;
    if (!empty && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = `${' '.repeat(indent)}${word}`;
    } else line += empty ? word : ` ${word}`;
  }
  return [...lines, line].join('\n');
}

/** @throws Error with a sentence for the user. */
export function readOptions(args: readonly string[], questions: readonly Question[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      full: { type: 'boolean', default: false },
      packets: { type: 'string' },
      starts: { type: 'string' },
      rounds: { type: 'string' },
      patience: { type: 'string' },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const mode = values.full ? 'full' : 'short';
  const number = (name: keyof (typeof DEFAULTS)[Mode], least: number, most: number): number =>
    wholeNumber(`--${name}`, values[name] ?? String(DEFAULTS[mode][name]), least, most);
  return {
    mode,
    questions: positionals.length === 0 ? questions : chosen(positionals, questions),
    packets: number('packets', 10, 1000),
    starts: number('starts', 1, 50),
    rounds: number('rounds', 1, 10),
    patience: number('patience', 0, 7200),
    json: values.json,
    write: values.write,
    help: values.help,
  };
}

/** In the order of the list, whatever the order on the command line. */
function chosen(words: readonly string[], questions: readonly Question[]): readonly Question[] {
  const known = questions.map(({ name }) => name);
  const wrong = words.find((word) => !known.includes(word));
  if (wrong !== undefined) throw new Error(`there is no question "${wrong}": ask ${known.join(' or ')}`);
  return questions.filter(({ name }) => words.includes(name));
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^[0-9]+$/.test(text) || value < least || value > most) {
    throw new Error(`${name} takes a whole number from ${least} to ${most}, not "${text}"`);
  }
  return value;
}
