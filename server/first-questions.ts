/** The questions of `spad init`, each with its proposal, to whoever sits there; what was said on the command line is not asked. */
import { formatPortSpec, type PortSpec } from '../src/base/port-spec.ts';
import { printable } from '../src/base/printable.ts';
import { err, ok, type Result } from '../src/base/result.ts';
import { isStanzaName } from '../src/base/stanza-name.ts';
import { ports } from '../src/config/values.ts';
import { type OpenPort, openPorts, proposeGuard, proposeInterface, type ProposalFacts } from '../src/host/proposal.ts';

/** What the questions need of the world; tests pass their own. */
export interface QuestionsIo {
  say(line: string): void;
  /** The answer without blanks at its ends; undefined where there will be none. */
  ask(question: string): Promise<string | undefined>;
}

/** The words of the command line. */
export interface Given {
  readonly interface?: string;
  readonly guard?: string;
  readonly client?: string;
  /** Take what is proposed. */
  readonly yes?: true;
}

export interface Answers {
  readonly interface: string;
  readonly guard: readonly PortSpec[];
  readonly client: string;
}

/**
 * @param user whose client the first one is likely to be
 * Throws a sentence where a question has no answer: nothing to propose under `yes`, or nobody there.
 */
export const askFirst = async (given: Given, facts: ProposalFacts, user: string, io: QuestionsIo): Promise<Answers> => {
  const isYes = given.yes === true;
  const names = facts.links.map(({ name }) => name);
  const link = await settle(
    { given: given.interface, option: '--interface', question: 'Interface that packets come in on' },
    { proposal: proposeInterface(facts), read: (text) => readInterface(text, names), isYes, io },
  );
  const open = openPorts(facts.listeners);
  if (given.guard === undefined && !isYes) for (const line of describeOpen(open)) io.say(line);
  const proposed = proposeGuard(open, facts.session).map(formatPortSpec).join(', ');
  const guard = await settle(
    { given: given.guard, option: '--guard', question: 'Ports to guard, with commas between' },
    { proposal: proposed === '' ? undefined : proposed, read: readGuard, isYes, io },
  );
  const client = await settle(
    { given: given.client, option: '--client', question: 'Name of the first client' },
    { proposal: isStanzaName(user) ? user : 'client', read: readClient, isYes, io },
  );
  return { interface: link, guard, client };
};

interface Question {
  readonly given: string | undefined;
  readonly option: string;
  readonly question: string;
}

interface Ways<T> {
  readonly proposal: string | undefined;
  readonly read: (text: string) => Result<T, string>;
  readonly isYes: boolean;
  readonly io: QuestionsIo;
}

const settle = async <T>({ given, option, question }: Question, { proposal, read, isYes, io }: Ways<T>): Promise<T> => {
  if (isYes && given === undefined && proposal === undefined)
    throw new Error(`there is nothing to propose here: say it with ${option}`);
  const fixed = given ?? (isYes ? proposal : undefined);
  if (fixed !== undefined) {
    const reading = read(fixed);
    if (reading.ok) return reading.value;
    throw new Error(`${option}: ${reading.error}`);
  }
  for (;;) {
    const said = await io.ask(`${question}${proposal === undefined ? '' : ` [${proposal}]`}: `);
    if (said === undefined) throw new Error(`nobody answers: say it with ${option}, or --yes for what is proposed`);
    const reading = read(said === '' ? (proposal ?? '') : said);
    if (reading.ok) return reading.value;
    io.say(reading.error);
  }
};

const readInterface = (text: string, names: readonly string[]): Result<string, string> =>
  text === 'any' || names.includes(text)
    ? ok(text)
    : err(`there is no interface "${printable(text)}": it is any, or one of ${names.join(', ')}`);

const readGuard = (text: string): Result<readonly PortSpec[], string> => {
  const list = ports(text);
  if (!list.ok) return list;
  return list.value.length > 0 ? list : err('name at least one port, such as tcp/22');
};

const readClient = (text: string): Result<string, string> =>
  isStanzaName(text)
    ? ok(text)
    : err(`"${printable(text)}" cannot be a name: use up to 64 letters, digits and . _ @ -`);

const describeOpen = (open: readonly OpenPort[]): readonly string[] =>
  open.length === 0
    ? ['Nothing listens on TCP for others here.']
    : [
        'These ports listen for others here:',
        ...open.map(({ port, program }) =>
          `  ${formatPortSpec(port).padEnd(10)} ${printable(program ?? '')}`.trimEnd(),
        ),
      ];
