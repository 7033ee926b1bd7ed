/** What completions have to know of a command line, read from the table that commander reads it by. */
import type { Argument, Command, Option } from 'commander';
import type { CommandShape, OperandShape, OptionShape, Place } from '../src/completion/shape.ts';

/** By the name of an operand, or the long name of an option with its hyphens: the topic that the program can be asked about. */
export type Topics = Readonly<Record<string, string>>;

/** The command as it is, with those of its options and sub-commands that --help shows. */
export const shapeOf = (command: Command, topics: Topics): CommandShape => {
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  const names = commands.map((each) => each.name());
  return {
    name: command.name(),
    help: sentenceOf(command.description()),
    options: help.visibleOptions(command).map((option) => optionShape(option, topics)),
    operands: command.registeredArguments.map((argument) => operandShape(argument, topics)),
    commands: commands.map((each) => (each.name() === 'help' ? helpShape(each, names) : shapeOf(each, topics))),
  };
};

/** `help` is commander's own, and its operand one of the other commands. */
const helpShape = (command: Command, names: readonly string[]): CommandShape => ({
  ...{ name: command.name(), help: command.description(), options: [], commands: [] },
  operands: [
    { name: 'command', place: { kind: 'words', words: names.filter((name) => name !== 'help') }, repeats: false },
  ],
});

const optionShape = (option: Option, topics: Topics): OptionShape => {
  const { short, long, required, optional, description } = option;
  const name = /[<[]([^\]>]+)/.exec(option.flags)?.[1] ?? '';
  const place = placeOf(name, option.argChoices, topics[long ?? '']);
  return {
    spellings: [short, long].filter((spelling) => spelling !== undefined),
    help: description,
    value: required || optional ? { name, place, isOptional: optional } : undefined,
  };
};

const operandShape = (argument: Argument, topics: Topics): OperandShape => {
  const name = argument.name();
  // A command line of another program's has a word or more.
  const isCommand = argument.variadic && /^command$/i.test(name);
  const place: Place = isCommand ? { kind: 'command' } : placeOf(name, argument.argChoices, topics[name]);
  return { name, place, repeats: argument.variadic };
};

/** What the name of a value says: `<file>`, `<bash|zsh|fish>`. */
const placeOf = (name: string, choices: readonly string[] | undefined, topic: string | undefined): Place => {
  if (topic !== undefined) return { kind: 'topic', topic };
  const words = choices ?? (name.includes('|') ? name.split('|') : undefined);
  if (words !== undefined) return { kind: 'words', words };
  if (/^files?$/i.test(name)) return { kind: 'file' };
  if (/^folder$/i.test(name)) return { kind: 'folder' };
  return { kind: 'text' };
};

/** The first line, without its full stop. */
const sentenceOf = (description: string): string => (description.split('\n')[0] ?? '').replace(/\.$/, '');
