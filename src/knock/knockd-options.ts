/** knockd's command line, as getopt_long(3) of glibc reads it: what it says, what it forgives, and in which order. */
import { cTrim } from './c-text.ts';

export interface KnockdSwitches {
  interface: string | undefined;
  daemon: boolean;
  config: string;
  debug: boolean;
  lookup: boolean;
  pidFile: string;
  logFile: string | undefined;
  verbose: boolean;
  onlyV4: boolean;
}

export type KnockdCommandLine =
  | { readonly kind: 'run'; readonly switches: KnockdSwitches }
  | { readonly kind: 'version' }
  /** `message` is what getopt says, if it has something to say. knockd exits with 0 all the same. */
  | { readonly kind: 'usage'; readonly message: string | undefined };

const LONG: Readonly<Record<string, string>> = {
  interface: 'i',
  daemon: 'd',
  config: 'c',
  debug: 'D',
  lookup: 'l',
  pidfile: 'p',
  logfile: 'g',
  verbose: 'v',
  'only-ip-v4': '4',
  version: 'V',
  help: 'h',
};
const LETTERS = Object.values(LONG);
const WITH_ARGUMENT = 'icpg';
const MAX_PATH = 4095;
const MAX_INTERFACE = 31;

export const KNOCKD_USAGE = `usage: knockd [options]
options:
  -i, --interface <int>  network interface to listen on (default "eth0")
  -d, --daemon           run as a daemon
  -c, --config <file>    use an alternate config file
  -D, --debug            output debug messages
  -l, --lookup           lookup DNS names (may be a security risk)
  -p, --pidfile          use an alternate pidfile
  -g, --logfile          use an alternate logfile
  -v, --verbose          be verbose
  -4, --only-ip-v4       do not track ipv6
  -V, --version          display version
  -h, --help             this help

`;

type Found = { readonly letter: string; readonly value: string } | { readonly message: string };

/** `args` without the program's name. Options may follow operands, which mean nothing; what comes first decides. */
export const parseKnockdOptions = (args: readonly string[]): KnockdCommandLine => {
  const switches: KnockdSwitches = {
    interface: undefined,
    daemon: false,
    config: '/etc/knockd.conf',
    debug: false,
    lookup: false,
    pidFile: '/var/run/knockd.pid',
    logFile: undefined,
    verbose: false,
    onlyV4: false,
  };
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined && word !== '--'; word = rest.shift()) {
    const options = word.startsWith('--') ? [longOption(word.slice(2), rest)] : shortOptions(word, rest);
    for (const option of options) {
      if ('message' in option) return { kind: 'usage', message: option.message };
      if (option.letter === 'V') return { kind: 'version' };
      if (option.letter === 'h') return { kind: 'usage', message: undefined };
      apply(switches, option.letter, option.value);
    }
  }
  return { kind: 'run', switches };
};

/** The letters of `-vDi eth0`, as far as the first that is wrong. A word without a dash is an operand. */
const shortOptions = (word: string, rest: string[]): Found[] => {
  const found: Found[] = [];
  if (!word.startsWith('-')) return found;
  for (let place = 1; place < word.length; place += 1) {
    const letter = word.charAt(place);
    if (!LETTERS.includes(letter)) return [...found, { message: `knockd: invalid option -- '${letter}'` }];
    if (!WITH_ARGUMENT.includes(letter)) {
      found.push({ letter, value: '' });
      continue;
    }
    const value = place + 1 < word.length ? word.slice(place + 1) : rest.shift();
    if (value === undefined) return [...found, { message: `knockd: option requires an argument -- '${letter}'` }];
    return [...found, { letter, value }];
  }
  return found;
};

const longOption = (text: string, rest: string[]): Found => {
  const equals = text.indexOf('=');
  const typed = equals < 0 ? text : text.slice(0, equals);
  const names = Object.keys(LONG).filter((name) => name.startsWith(typed));
  const name = names.find((candidate) => candidate === typed) ?? names[0];
  if (name === undefined) return { message: `knockd: unrecognized option '--${text}'` };
  if (names.length > 1 && name !== typed) {
    const list = names.map((candidate) => `'--${candidate}'`).join(' ');
    return { message: `knockd: option '--${typed}' is ambiguous; possibilities: ${list}` };
  }
  const letter = LONG[name] ?? '';
  if (!WITH_ARGUMENT.includes(letter))
    return equals < 0 ? { letter, value: '' } : { message: `knockd: option '--${name}' doesn't allow an argument` };
  const value = equals < 0 ? rest.shift() : text.slice(equals + 1);
  return value === undefined ? { message: `knockd: option '--${name}' requires an argument` } : { letter, value };
};

const apply = (switches: KnockdSwitches, letter: string, value: string): void => {
  if (letter === 'i') switches.interface = value.slice(0, MAX_INTERFACE);
  else if (letter === 'c') switches.config = value.slice(0, MAX_PATH);
  else if (letter === 'p') switches.pidFile = value.slice(0, MAX_PATH);
  else if (letter === 'g') switches.logFile = value.slice(0, MAX_PATH);
  else if (letter === 'd') switches.daemon = true;
  else if (letter === 'D') switches.debug = true;
  else if (letter === 'l') switches.lookup = true;
  else if (letter === 'v') switches.verbose = true;
  else switches.onlyV4 = true;
};

/** `eth0,eth1` names several interfaces. */
export const interfaceNames = (text: string): readonly string[] => [...new Set(text.split(',').map(cTrim))];
