/** The command line of spa-client as commander reads it: with its complaints, suggestions and --help. */
import { Command, CommanderError, Option } from 'commander';
import { Trouble } from '../keys/trouble.ts';
import {
  bindWait,
  OPTION_NAMES,
  OPTION_TABLE,
  type OptionName,
  type OptionRow,
  type RawOptions,
} from './option-table.ts';

/**
 * Sorts the words after the program's name.
 * @throws Trouble for an unknown option (with the nearest), a missing or a surplus value, an option given twice.
 */
export const sortWords = (args: readonly string[]): RawOptions | 'help' | 'version' => {
  const program = makeProgram('').exitOverride().configureOutput({ writeOut: silent, writeErr: silent });
  try {
    program.parse(bindWait(args), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') return 'help';
    if (error.code === 'commander.version') return 'version';
    const sentence = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
    throw new Trouble(sentence.includes('Did you mean') ? sentence : `${sentence}; spa-client --help shows how`);
  }
  const values = new Map<OptionName, string>();
  for (const name of OPTION_NAMES) {
    const { negate, attribute } = traitsOf(name);
    const value: unknown = program.getOptionValue(attribute);
    // Of `--no-x` commander makes an x that is true where nothing was said.
    if (negate ? value === false : value !== undefined) values.set(name, typeof value === 'string' ? value : '');
  }
  return { values, hosts: program.args };
};

const silent = (): void => undefined;

/** The text of --help, `more` at its end. */
export const formatHelp = (more: string): string => {
  const program = makeProgram(more);
  let text = '';
  program.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => HELP_WIDTH }).outputHelp();
  return text;
};

const HELP_WIDTH = 80;

/** The command line as commander reads it, `more` at the end of its --help. */
export const makeProgram = (more: string): Command => {
  const program = new Command('spa-client')
    .usage('[options] HOST')
    .description(
      'Ask a spad server, in one encrypted packet, to open a port for you.\n' +
        'HOST is the name of a profile, or the host that packets go to.',
    )
    .argument('[hosts...]')
    .configureHelp({ visibleArguments: () => [] })
    .helpOption('-h, --help', 'print this help and exit')
    .version('', '-V, --version', 'print the version and exit')
    .showSuggestionAfterError()
    .addHelpText('after', more);
  for (const name of OPTION_NAMES) program.addOption(makeOption(name));
  return program;
};

const makeOption = (name: OptionName): Option => {
  const { short, value, isOptional, repeats, help }: OptionRow = OPTION_TABLE[name];
  const place = value === undefined ? '' : isOptional ? ` [${value}]` : ` <${value}>`;
  const flags = `${short === undefined ? '' : `-${short}, `}--${name}${place}`;
  const option = new Option(flags, help);
  if (value === undefined) return option;
  return option.argParser((text: string, before: string | undefined) => {
    // Not commander's own error, which repeats the value: it may be the key.
    if (text === '') throw new Trouble(`--${name} needs a value: --${name} ${value}`);
    if (before === undefined) return text;
    if (repeats === undefined) throw new Trouble(`--${name} is given twice; give it once`);
    return `${before},${text}`;
  });
};

const traitsOf = (name: OptionName): { readonly negate: boolean; readonly attribute: string } => {
  const option = new Option(`--${name}`);
  return { negate: option.negate, attribute: option.attributeName() };
};
