/**
 * Commands of the operator's that open and close (docs/firewalls/command.md). A template is read once, when the
 * configuration is; a value fills a place in it and can never become a second word, an option or anything that a shell
 * would carry out: without a shell there is nothing that splits, and a shell gets the values in its environment.
 */
import { formatAllowed } from '../base/allow-address.ts';
import { err, ok, type Result } from '../base/result.ts';
import { formatPortSpec } from '../base/port-spec.ts';
import { nearest } from '../base/suggest.ts';
import type { Moment, SteadyMs } from '../base/units.ts';
import { splitWords, type Word } from './command-words.ts';
import type { Opening } from './opening.ts';

/** `seconds` and `until` are of openings alone: what closes runs when the time is over. */
const PLACEHOLDERS = ['address', 'family', 'protocol', 'first', 'last', 'port', 'ports', 'seconds', 'until'] as const;

type Placeholder = (typeof PLACEHOLDERS)[number];

/** What is done with it: names of two keys of the configuration. */
export type CommandPurpose = 'open_command' | 'close_command';

type Piece = string | { readonly value: Placeholder };

export type CommandTemplate =
  | {
      readonly kind: 'words';
      readonly text: string;
      /** An argument each, of one piece at least. */
      readonly words: readonly (readonly Piece[])[];
    }
  /** For `/bin/sh -c`, which finds the values in its environment. */
  | { readonly kind: 'shell'; readonly text: string };

/** How openings are made and ended. */
export interface CommandPair {
  readonly open: CommandTemplate;
  readonly close: CommandTemplate;
}

/** What is to be run, whole. */
export interface CommandCall {
  readonly argv: readonly string[];
  /** Added to the environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** The template, or what would be right. */
export const parseCommand = (text: string, purpose: CommandPurpose, shell: boolean): Result<CommandTemplate, string> =>
  shell ? parseShell(text, purpose) : parseArguments(text, purpose);

const parseArguments = (text: string, purpose: CommandPurpose): Result<CommandTemplate, string> => {
  const split = splitWords(text);
  if (!split.ok) return split;
  const words: (readonly Piece[])[] = [];
  for (const word of split.value) {
    const pieces = parsePieces(word, purpose);
    if (!pieces.ok) return pieces;
    words.push(pieces.value);
  }
  const [program] = words;
  const isPath = program?.length === 1 && typeof program[0] === 'string' && program[0].startsWith('/');
  if (!isPath)
    return err('begin with the path of a program, such as /usr/sbin/ipset; a shell takes command_shell = yes');
  if (!words.some((word) => mentions(word, 'address'))) return err('say whom it is for: {address}');
  return ok({ kind: 'words', text, words });
};

/** `{name}` is a placeholder; any other brace is a brace. */
const parsePieces = (word: Word, purpose: CommandPurpose): Result<readonly Piece[], string> => {
  // A letter that stands as it is must not take part in a placeholder: it becomes one that no name has.
  const shape = word.map(({ text, isPlain }) => (isPlain ? '\0' : text)).join('');
  const whole = word.map(({ text }) => text).join('');
  const pieces: Piece[] = [];
  let done = 0;
  for (const { 0: match, 1: name = '', index } of shape.matchAll(/\{([A-Za-z_]+)\}/g)) {
    const value = PLACEHOLDERS.find((known) => known === name);
    if (value === undefined) return err(unknownPlaceholder(name));
    if (purpose === 'close_command' && (value === 'seconds' || value === 'until'))
      return err(`{${value}} says how long something is open; close_command runs when that is over`);
    if (index > done) pieces.push(whole.slice(done, index));
    pieces.push({ value });
    done = index + match.length;
  }
  if (done < whole.length || pieces.length === 0) pieces.push(whole.slice(done));
  return ok(pieces);
};

const unknownPlaceholder = (name: string): string => {
  const near = nearest(name, PLACEHOLDERS);
  const known = PLACEHOLDERS.map((one) => `{${one}}`).join(' ');
  return near === undefined ? `{${name}} stands for nothing; there are ${known}` : `did you mean {${near}}?`;
};

/** The names of the values in a shell's environment. */
const variableOf = (value: Placeholder): string => `SPAD_${value.toUpperCase()}`;

const parseShell = (text: string, purpose: CommandPurpose): Result<CommandTemplate, string> => {
  if (text.trim() === '') return err('say what the shell is to do');
  const pasted = PLACEHOLDERS.find((value) => new RegExp(`(?<!\\$)\\{${value}\\}`).test(text));
  if (pasted !== undefined) return err(`values are not pasted into a shell's text: write "$${variableOf(pasted)}"`);
  for (const [, name = ''] of text.matchAll(/SPAD_([A-Z]+)/g)) {
    const value = PLACEHOLDERS.find((known) => variableOf(known) === `SPAD_${name}`);
    if (value === undefined)
      return err(`SPAD_${name} stands for nothing; there are ${PLACEHOLDERS.map(variableOf).join(' ')}`);
    if (purpose === 'close_command' && (value === 'seconds' || value === 'until'))
      return err(`SPAD_${name} says how long something is open; close_command runs when that is over`);
  }
  return ok({ kind: 'shell', text });
};

/** Whether the command says how long: then it is run again where an opening is extended. */
export const isTimed = (command: CommandTemplate): boolean => uses(command, 'seconds') || uses(command, 'until');

/** Whether it speaks of one port at a time: then a range is as many openings. */
export const isSinglePort = ({ open, close }: CommandPair): boolean => uses(open, 'port') || uses(close, 'port');

const uses = (command: CommandTemplate, value: Placeholder): boolean =>
  command.kind === 'words'
    ? command.words.some((word) => mentions(word, value))
    : new RegExp(`\\b${variableOf(value)}\\b`).test(command.text);

const mentions = (word: readonly Piece[], value: Placeholder): boolean =>
  word.some((piece) => typeof piece !== 'string' && piece.value === value);

/** Ports of an opening at most where each takes commands of its own. */
export const MAX_SINGLE_PORTS = 64;

/** Why commands cannot open this; undefined where they can. */
export const unfitForCommands = (opening: Opening, pair: CommandPair): string | undefined => {
  if (opening.address.prefix !== undefined)
    return `${formatAllowed(opening.address)} cannot be opened: commands take single addresses`;
  const count = opening.last - opening.first + 1;
  if (count <= MAX_SINGLE_PORTS || !isSinglePort(pair)) return undefined;
  return `${formatPortSpec(opening)} takes a command a port, and no more than ${String(MAX_SINGLE_PORTS)}: let the commands say {ports}`;
};

/** The programs that are started, by their paths. */
export const commandPrograms = ({ open, close }: CommandPair): readonly string[] => [
  ...new Set([open, close].map((command) => fill(command, {}).argv[0] ?? '')),
];

/** The openings that commands are run for: the same, or one a port. */
export const commandUnits = (openings: readonly Opening[], pair: CommandPair): readonly Opening[] =>
  isSinglePort(pair) ? openings.flatMap(singlePorts) : openings;

const singlePorts = (opening: Opening): Opening[] => {
  const count = opening.last - opening.first + 1;
  return Array.from({ length: count }, (_, index) => {
    const port = (opening.first + index) as Opening['first'];
    return { ...opening, first: port, last: port };
  });
};

/** `now` turns the end into seconds, a part of which counts as a whole one, and into the time of day. */
export const openCall = ({ open }: CommandPair, opening: Opening, now: Moment): CommandCall =>
  fill(open, { ...valuesOf(opening), ...timesOf(opening.ends, now) });

export const closeCall = ({ close }: CommandPair, opening: Opening): CommandCall => fill(close, valuesOf(opening));

const fill = (command: CommandTemplate, values: Readonly<Partial<Record<Placeholder, string>>>): CommandCall => {
  if (command.kind === 'words') {
    const argv = command.words.map((word) =>
      word.map((piece) => (typeof piece === 'string' ? piece : (values[piece.value] ?? ''))).join(''),
    );
    return { argv, env: {} };
  }
  const known = PLACEHOLDERS.filter((value) => values[value] !== undefined);
  const env = Object.fromEntries(known.map((value) => [variableOf(value), values[value] ?? '']));
  return { argv: ['/bin/sh', '-c', command.text], env };
};

const valuesOf = ({ address, protocol, first, last }: Opening): Partial<Record<Placeholder, string>> => {
  const isOne = first === last;
  return {
    ...{ address: formatAllowed(address), family: String(address.family), protocol },
    ...{ first: String(first), last: String(last), ports: isOne ? String(first) : `${String(first)}-${String(last)}` },
    ...(isOne ? { port: String(first) } : {}),
  };
};

const timesOf = (ends: SteadyMs, { steady, wall }: Moment): Partial<Record<Placeholder, string>> => {
  const left = Math.max(1, Math.ceil((ends - steady) / 1000));
  const until = new Date(Math.ceil((wall + (ends - steady)) / 1000) * 1000);
  return { seconds: String(left), until: until.toISOString().replace('.000Z', 'Z') };
};
