/** The command line of knock as values; what is odd about it is odd in knock 0.8, too. */
import { atoi } from '../../src/knock/c-text.ts';
import { type LongOption, readOptions } from '../getopt.ts';

export const KNOCK_OPTIONS = [
  { name: 'udp', short: 'u', takesValue: false },
  { name: 'delay', short: 'd', takesValue: true },
  { name: 'ipv4', short: '4', takesValue: false },
  { name: 'ipv6', short: '6', takesValue: false },
  { name: 'verbose', short: 'v', takesValue: false },
  { name: 'version', short: 'V', takesValue: false },
  { name: 'help', short: 'h', takesValue: false },
  // Ours. None begins with a letter of those above, so that every abbreviation of theirs keeps its meaning.
  { name: 'profile', short: undefined, takesValue: true },
  { name: 'profiles', short: undefined, takesValue: true },
  { name: 'secret-file', short: undefined, takesValue: true },
  { name: 'name', short: undefined, takesValue: true },
  { name: 'count', short: undefined, takesValue: true },
  { name: 'range', short: undefined, takesValue: true },
] as const satisfies readonly LongOption[];

/** The text after each option of a time-based sequence that was given. */
export interface TimedWords {
  readonly profile: string | undefined;
  readonly profiles: string | undefined;
  readonly secretFile: string | undefined;
  readonly name: string | undefined;
  readonly count: string | undefined;
  readonly range: string | undefined;
}

export interface KnockOptions {
  readonly udp: boolean;
  /** Milliseconds after every knock. */
  readonly delay: number;
  readonly family: 4 | 6 | undefined;
  readonly verbose: boolean;
  /** Present where any of its options is. */
  readonly timed: TimedWords | undefined;
  readonly operands: readonly string[];
}

export type KnockCommand =
  | { readonly kind: 'version' | 'usage' }
  | { readonly kind: 'bad-option' | 'bad-delay'; readonly complaint: string }
  | { readonly kind: 'knock'; readonly options: KnockOptions };

/** Reads the words after the program's name. The first of `-h`, `-V` and a mistake decides, as each is met. */
export const parseKnockCommand = (words: readonly string[], posixly: boolean): KnockCommand => {
  const { found, operands } = readOptions(words, KNOCK_OPTIONS, posixly);
  const values = new Map<string, string>();
  let family: 4 | 6 | undefined;
  for (const each of found) {
    if ('complaint' in each) return { kind: 'bad-option', complaint: `knock: ${each.complaint}` };
    if (each.option === 'version') return { kind: 'version' };
    if (each.option === 'help') return { kind: 'usage' };
    if (each.option === 'ipv4') family = 4;
    if (each.option === 'ipv6') family = 6;
    values.set(each.option, each.value);
  }
  const timed = readTimed(values);
  if (timed === undefined && operands.length < 2) return { kind: 'usage' };
  const delay = atoi(values.get('delay') ?? '');
  if (delay < 0) return { kind: 'bad-delay', complaint: 'error: delay cannot be negative' };
  const options = { udp: values.has('udp'), delay, family, verbose: values.has('verbose'), timed, operands };
  return { kind: 'knock', options };
};

const readTimed = (values: ReadonlyMap<string, string>): TimedWords | undefined => {
  const timed = {
    profile: values.get('profile'),
    profiles: values.get('profiles'),
    secretFile: values.get('secret-file'),
    name: values.get('name'),
    count: values.get('count'),
    range: values.get('range'),
  };
  return Object.values(timed).every((value) => value === undefined) ? undefined : timed;
};

/** What `-h` prints, and every mistake. */
export const KNOCK_USAGE = `usage: knock [options] <host> <port[:proto]> [port[:proto]] ...
       knock [options] --profile <name> [host]
       knock [options] --secret-file <file> --name <door> <host>
options:
  -u, --udp            knock by UDP on every port (the default is TCP)
  -d, --delay <t>      pause for <t> milliseconds after each knock
  -4, --ipv4           use IPv4 alone
  -6, --ipv6           use IPv6 alone
  -v, --verbose        name each knock
  -V, --version        print the version
  -h, --help           print this text

the ports of this minute, from a secret:
  --profile <name>     take secret, name and host from this profile of spa-client
  --profiles <file>    read profiles from <file>
  --secret-file <file> take the secret from <file>, of mode 0600
  --name <door>        name of the door (default: the server of the profile)
  --count <n>          how many knocks (default: 4)
  --range <low-high>   from which ports (default: 10000-59999)

example:  knock gw1.example.net 7000 8000:udp 9000:tcp

`;
