/** The command line of fwknop's client: which words were given, and what is to be done. Values are still text. */
import { readOptions } from '../getopt.ts';
import { isOptionName, LONG_OPTIONS, type OptionName, spellOption } from './options.ts';

/** One text and where it was found, for messages: `-f`, or `FW_TIMEOUT in ~/.fwknoprc, line 7`. */
export interface Given {
  readonly text: string;
  readonly where: string;
}

/** The latest text of each option; a switch that was given has the empty text. */
export type GivenOptions = ReadonlyMap<OptionName, Given>;

export interface FwknopWords {
  readonly options: GivenOptions;
  /** How often -v was given. */
  readonly verbose: number;
  /** Words that are no options; fwknop takes no notice of them. */
  readonly operands: readonly string[];
}

export type FwknopCommand =
  | { readonly kind: 'bad-option'; readonly complaint: string }
  | {
      readonly kind: 'help' | 'version' | 'last-cmd' | 'show-last' | 'stanza-list' | 'key-gen' | 'send';
      readonly words: FwknopWords;
    };

/** Options of which the later one decides: whom to open for, where a key comes from, and which way the clock is off. */
const TOGETHER: readonly (readonly OptionName[])[] = [
  ['allow-ip', 'source-ip', 'resolve-ip-https'],
  ['key-rijndael', 'key-base64-rijndael', 'get-key'],
  ['key-hmac', 'key-base64-hmac', 'get-hmac-key'],
  ['time-offset-plus', 'time-offset-minus'],
  ['fd', 'stdin'],
];

/** Adds a text to those before it: the later one of an option, or of options that exclude each other, counts. */
export const setOption = (options: Map<OptionName, Given>, name: OptionName, given: Given): void => {
  const others = TOGETHER.find((group) => group.includes(name)) ?? [];
  for (const other of others) options.delete(other);
  options.set(name, given);
};

/** Reads the words after the program's name; `posixly` is what POSIXLY_CORRECT means to getopt. */
export const parseFwknopCommand = (words: readonly string[], posixly: boolean): FwknopCommand => {
  const { found, operands } = readOptions(words, LONG_OPTIONS, posixly);
  const options = new Map<OptionName, Given>();
  let verbose = 0;
  for (const each of found) {
    if ('complaint' in each) return { kind: 'bad-option', complaint: each.complaint };
    if (!isOptionName(each.option)) throw new Error(`no option ${each.option}`);
    if (each.option === 'verbose') verbose += 1;
    setOption(options, each.option, { text: each.value, where: spellOption(each.option) });
  }
  return { kind: kindOf(options), words: { options, verbose, operands } };
};

const kindOf = (options: GivenOptions): Exclude<FwknopCommand['kind'], 'bad-option'> => {
  for (const kind of ['help', 'version', 'last-cmd', 'show-last', 'stanza-list', 'key-gen'] as const) {
    if (options.has(kind)) return kind;
  }
  return options.has('key-gen-file') ? 'key-gen' : 'send';
};
