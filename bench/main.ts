/** `npm run bench`: asks the questions, prints the answers. Runs as root; tools/bench.sh sees to that. */
import { fwknopVersion } from './daemons/fwknopd.ts';
import { describeMachine, type Machine, machineSentence } from './machine.ts';
import { helpText, type Options, readOptions } from './options.ts';
import { writeAnswer } from './page.ts';
import type { Answer, Question, Setting } from './question.ts';
import { QUESTIONS } from './questions.ts';
import { type Disturbance, Quiet } from './quiet.ts';
import { Scratch } from './scratch.ts';
import { asText } from './table.ts';

/** Beyond the patience of the user, nothing here should ever take this long, whatever hangs. */
const HARD_LIMIT_MS = 180 * 60_000;

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

/** @throws Error with a sentence for the user where an answer cannot be written. */
async function measure(options: Options): Promise<Report> {
  const version = fwknopVersion();
  if (version === undefined) say('fwknopd, fwknop or iptables is missing here: spad is measured alone');
  if (process.env['NODE_EXTRA_CA_CERTS'] !== undefined) {
    say('NODE_EXTRA_CA_CERTS is set here and slows every start of Node: the programs measured do not get it');
  }
  const scratch = new Scratch();
  const quiet = new Quiet(options.patience * 1000);
  const describe = (disturbance: Disturbance): Machine =>
    describeMachine({ fileSystem: scratch.fileSystem, fwknopd: version, ...disturbance });
  try {
    // At once, so that a long run that is broken off has not been in vain.
    const publish = ({ question, answer }: Answered): void => {
      if (options.write)
        say(`${writeAnswer(question.name, answer, machineSentence(describe(quiet.ofQuestion)))} written`);
    };
    const asked = await askAll(options.questions, { ...options, quiet, scratch, progress }, publish);
    return { machine: describe(quiet.whole), ...asked };
  } finally {
    endProgress();
    scratch.remove();
  }
}

/** One that cannot be asked here does not keep the others from being asked. */
async function askAll(
  questions: readonly Question[],
  setting: Setting,
  publish: (answered: Answered) => void,
): Promise<Omit<Report, 'machine'>> {
  const answered: Answered[] = [];
  const unanswered: Record<string, string> = {};
  for (const question of questions) {
    progress(question.name);
    setting.quiet.nextQuestion();
    const begin = performance.now();
    const answer = await question.ask(setting).catch((error: unknown) => {
      unanswered[question.name] = error instanceof Error ? error.message : String(error);
    });
    endProgress();
    if (answer === undefined) {
      say(`${question.name} could not be asked here: ${unanswered[question.name] ?? ''}`);
      continue;
    }
    say(`${question.name}: ${((performance.now() - begin) / 1000).toFixed(0)} s`);
    answered.push({ question, answer });
    publish({ question, answer });
  }
  return { answered, unanswered };
}

function print({ machine, answered, unanswered }: Report, { json, mode }: Options): void {
  if (json) {
    const figures = Object.fromEntries(answered.map(({ question, answer }) => [question.name, answer.figures]));
    process.stdout.write(`${JSON.stringify({ machine, mode, ...figures, unanswered }, null, 2)}\n`);
  } else {
    const tables = answered.flatMap(({ answer }) => answer.tables);
    process.stdout.write(`\n${tables.map(asText).join('\n')}\n${machineSentence(machine)}\n`);
  }
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
    print(report, options);
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
