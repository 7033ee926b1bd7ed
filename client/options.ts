/** The command line of spa-client as commander knows it: one table for the parser, the suggestions and --help. */
import { Command, CommanderError, Option } from 'commander';
import { Trouble } from '../keys/trouble.ts';
import { parseDuration } from '../src/base/units.ts';

interface OptionRow {
  readonly short?: string;
  /** The name of its value; a switch has none. */
  readonly value?: string;
  /** Whether it may be given again; the values are joined with commas. */
  readonly repeats?: true;
  readonly help: string;
}

const OPTION_TABLE = {
  access: {
    ...{ short: 'A', value: 'LIST', repeats: true },
    help: "ports to open, such as tcp/22,udp/5000-5010 (default: the profile's, else what the server opens by default)",
  },
  profile: { short: 'n', value: 'NAME', help: "use this profile; HOST may be left out then, for the profile's own" },
  profiles: { value: 'FILE', help: 'read profiles from FILE (default: ~/.config/spa/profiles.ini)' },
  format: {
    value: 'NAME',
    help: 'whose packets the server takes: native or fwknop (default: as the profile says)',
  },
  allow: { short: 'a', value: 'ADDR[,ADDR]', repeats: true, help: 'open for these addresses, at most 2' },
  source: { short: 's', help: 'open for the address that the server sees the packet come from' },
  'server-port': { short: 'p', value: 'N', help: 'send to this UDP port (default: 62201)' },
  'open-for': {
    ...{ short: 'f', value: 'DURATION' },
    help: "how long to open, such as 90s, 5m or 1h30m (default: the server's choice)",
  },
  forward: {
    value: 'HOST:PORT',
    help: 'have the port forwarded to this host and port behind the server, such as 10.0.0.5:22 or [fd00::5]:22, or to another port of the server itself: local:8022',
  },
  close: { help: 'close what is open, instead of opening' },
  server: { value: 'NAME', help: "the server's name, as in its spad.conf" },
  'key-file': { value: 'FILE', help: 'a file of mode 0600 that holds the secret alone' },
  key: { value: 'BASE64', help: 'the secret itself; everyone on this host can see it in ps, so prefer --key-file' },
  wait: {
    value: 'DURATION',
    help: 'after sending, wait until the first tcp port accepts a connection; without a value, 10s',
  },
  'dry-run': { help: 'say what would be sent, and send nothing' },
  'save-packet': { value: 'FILE', help: 'write the datagram to FILE (mode 0600), and send it unless --dry-run' },
  code: {
    value: 'TEXT',
    help: 'send this emergency code to HOST[:PORT], as spa-keys emergency has printed it; white space does not matter; -: read it from standard input',
  },
  'code-file': { value: 'FILE', help: 'send the emergency code in FILE' },
  ipv4: { short: '4', help: 'use only IPv4 addresses of HOST' },
  ipv6: { short: '6', help: 'use only IPv6 addresses of HOST' },
  verbose: { short: 'v', help: 'say more: which profile, key, addresses and time' },
} as const satisfies Readonly<Record<string, OptionRow>>;

/** Every option but --help and --version. */
export type OptionName = keyof typeof OPTION_TABLE;

export const OPTION_NAMES = Object.keys(OPTION_TABLE) as OptionName[];

/** The words of a command line, sorted; values are still text. */
export interface RawOptions {
  /** A switch that was given has the empty text. */
  readonly values: ReadonlyMap<OptionName, string>;
  readonly hosts: readonly string[];
}

/** How long `--wait` without a value waits. */
const DEFAULT_WAIT = '10s';

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
    const value: unknown = program.getOptionValue(attributeOf(name));
    if (value !== undefined) values.set(name, typeof value === 'string' ? value : '');
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

const makeProgram = (more: string): Command => {
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
  const { short, value, repeats, help }: OptionRow = OPTION_TABLE[name];
  const flags = `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` <${value}>`}`;
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

const attributeOf = (name: OptionName): string => new Option(`--${name}`).attributeName();

/** The value of `--wait` may be missing, so the word after it is its value only where it is a duration. */
const bindWait = (args: readonly string[]): string[] => {
  const bound: string[] = [];
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  for (let index = 0; index < args.length; index += 1) {
    const word = args[index] ?? '';
    const next = args[index + 1] ?? '';
    if (word !== '--wait' || index >= end) bound.push(word);
    else if (parseDuration(next) === undefined) bound.push(`--wait=${DEFAULT_WAIT}`);
    else {
      bound.push(`--wait=${next}`);
      index += 1;
    }
  }
  return bound;
};
