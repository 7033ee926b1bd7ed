/** `npm run bench`: asks the questions, prints the answers. Runs as root; tools/bench.sh sees to that. */
import { fwknopVersion } from './daemons/fwknopd.ts';
import { describeMachine, type Machine, machineSentence } from './machine.ts';
import { helpText, type Options, readOptions } from './options.ts';
import { writePage } from './page.ts';
import type { Answer, Question, Setting } from './question.ts';
import { QUESTIONS } from './questions.ts';
import { Quiet } from './quiet.ts';
import { Scratch } from './scratch.ts';
import { asText } from './table.ts';

/** Beyond the patience of the user, nothing here should ever take this long, whatever hangs. */
const HARD_LIMIT_MS = 60 * 60_000;

interface Answered {
  readonly question: Question;
  readonly answer: Answer;
}

interface Report {
  readonly machine: Machine;
  readonly answered: readonly Answered[];
  /** Why each question that could not be asked could not. */
  readonly unanswered: Readonly<Record<string, string>>;
}

function say(text: string): void {
  process.stderr.write(`· ${text}\n`);
}

/** On a terminal each word of progress takes the place of the one before. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K· ${text}`);
}

function endProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}

async function measure(options: Options): Promise<Report> {
  const version = fwknopVersion();
  if (version === undefined) say('fwknopd, fwknop or iptables is missing here: spad is measured alone');
  if (process.env['NODE_EXTRA_CA_CERTS'] !== undefined) {
    say('NODE_EXTRA_CA_CERTS is set here and slows every start of Node: the programs measured do not get it');
  }
  const scratch = new Scratch();
  const quiet = new Quiet(options.patience * 1000);
  try {
    const { answered, unanswered } = await askAll(options.questions, { ...options, quiet, scratch, progress });
    const { fileSystem } = scratch;
    const { otherLoad, repeated } = quiet;
    return {
      machine: describeMachine({ fileSystem, fwknopd: version, otherLoad, repeated }),
      ...{ answered, unanswered },
    };
  } finally {
    endProgress();
    scratch.remove();
  }
}

/** One that cannot be asked here does not keep the others from being asked. */
async function askAll(questions: readonly Question[], setting: Setting): Promise<Omit<Report, 'machine'>> {
  const answered: Answered[] = [];
  const unanswered: Record<string, string> = {};
  for (const question of questions) {
    progress(question.name);
    const begin = performance.now();
    try {
      answered.push({ question, answer: await question.ask(setting) });
      endProgress();
      say(`${question.name}: ${((performance.now() - begin) / 1000).toFixed(0)} s`);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      unanswered[question.name] = why;
      endProgress();
      say(`${question.name} could not be asked here: ${why}`);
    }
  }
  return { answered, unanswered };
}

function publish({ machine, answered, unanswered }: Report, { json, write, mode }: Options): void {
  const sentence = machineSentence(machine);
  if (json) {
    const figures = Object.fromEntries(answered.map(({ question, answer }) => [question.name, answer.figures]));
    process.stdout.write(`${JSON.stringify({ machine, mode, ...figures, unanswered }, null, 2)}\n`);
  } else {
    const tables = answered.flatMap(({ answer }) => answer.tables);
    process.stdout.write(`\n${tables.map(asText).join('\n')}\n${sentence}\n`);
  }
  if (!write) return;
  const answers = new Map(answered.map(({ question, answer }) => [question.name, answer]));
  say(`${writePage(answers, sentence)} written`);
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), QUESTIONS);
  if (options.help) {
    process.stdout.write(helpText(QUESTIONS));
    return;
  }
  const limitMs = HARD_LIMIT_MS + options.patience * 1000;
  const limit = setTimeout(() => {
    say(`not done after ${Math.round(limitMs / 60_000)} minutes: something hangs`);
    // What cleans up listens to the end of the process.
    process.exit(1);
  }, limitMs);
  try {
    const report = await measure(options);
    publish(report, options);
    if (Object.keys(report.unanswered).length > 0) process.exitCode = 1;
  } finally {
    clearTimeout(limit);
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`✗ ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
