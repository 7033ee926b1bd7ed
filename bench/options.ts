/** The command line of the bench. */
import { parseArgs } from 'node:util';

export const QUESTIONS = ['latency', 'start', 'knock', 'fwknop', 'firewall'] as const;
export type Question = (typeof QUESTIONS)[number];

export interface Options {
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

export const HELP = `Usage: npm run bench -- [latency] [start] [knock] [fwknop] [firewall] [OPTION...]

Measures spad beside fwknopd and knockd, on real packets in network namespaces. Without a question all are asked.
Root is needed. The firewall of this machine is not touched. Where fwknopd or fwknop is not installed
(Debian: fwknop-server, fwknop-client), or knockd, spad is measured alone.

  latency          from an SPA packet sent to its port open, through a veth pair
  start            from the command to "ready", and the memory then and after 1000 genuine packets
  knock            spad knockd beside knockd: from the last knock to the command, processor time per packet, knocks
                   during a flood, memory after a million spoofed knocks; needs a C compiler
  fwknop           spad beside fwknopd, both with fwknop's stanzas and packets: processor time per junk datagram at 1 to
                   5000 stanzas, packets opened a second, during a flood, and the latency; needs a C compiler
  firewall         the back-ends: to open, extend and close one grant beside 10 to 100 000, what each adds to a new
                   connection, and grants a second through the whole daemon; needs a C compiler

  --packets N      latency, fwknop: measured packets for each daemon, 10 to 1000 (200)
  --starts N       start: measured starts of each daemon, 1 to 50 (5)
  --rounds N       knock, fwknop, firewall: rounds of each daemon or back-end, 1 to 10 (3)
  --patience N     seconds to spend at most on waiting for a quiet machine, and on repeating what others
                   have disturbed, 0 to 7200 (240)
  --json           print every figure as JSON, and progress on standard error only
  --write          put the tables into docs/performance.md
  --help           this text

How it is measured: docs/performance.md
`;

/** @throws Error with a sentence for the user. */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      packets: { type: 'string', default: '200' },
      starts: { type: 'string', default: '5' },
      rounds: { type: 'string', default: '3' },
      patience: { type: 'string', default: '240' },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  return {
    questions: positionals.length === 0 ? QUESTIONS : positionals.map(questionOf),
    packets: wholeNumber('--packets', values.packets, 10, 1000),
    starts: wholeNumber('--starts', values.starts, 1, 50),
    rounds: wholeNumber('--rounds', values.rounds, 1, 10),
    patience: wholeNumber('--patience', values.patience, 0, 7200),
    json: values.json,
    write: values.write,
    help: values.help,
  };
}

function questionOf(word: string): Question {
  const question = QUESTIONS.find((name) => name === word);
  if (question === undefined) throw new Error(`there is no question "${word}": ask ${QUESTIONS.join(' or ')}`);
  return question;
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^[0-9]+$/.test(text) || value < least || value > most) {
    throw new Error(`${name} takes a whole number from ${least} to ${most}, not "${text}"`);
  }
  return value;
}
