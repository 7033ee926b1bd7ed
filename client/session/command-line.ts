/** What `proxy`, `ready` and `exec` have in common of their command lines: the options of spa-client, but those that make no sense here. */
import { Trouble } from '../../keys/trouble.ts';
import { printable } from '../../src/base/printable.ts';
import { type Port, type Seconds, seconds } from '../../src/base/units.ts';
import { portNumber } from '../../src/config/values.ts';
import { type ClientOptions, readOptions } from '../cli.ts';
import type { OptionName, RawOptions } from '../option-table.ts';
import { sortWords } from '../options.ts';
import { sortPlainWords } from '../plain-words.ts';

export type SessionProgram = 'proxy' | 'ready' | 'exec';

export interface SessionOptions {
  readonly options: ClientOptions;
  /** The TCP port to connect to; undefined where none is named. */
  readonly port: Port | undefined;
  /** How long opening may take. */
  readonly limit: Seconds;
  /** The switch of this program alone: `--reuse` of proxy and ready, `--leave-open` of exec. */
  readonly hasSwitch: boolean;
  /** What comes after `--`. */
  readonly command: readonly string[];
}

const DEFAULT_LIMIT = seconds(10);

/** The switch that each has beside the options of spa-client. */
export const OWN_SWITCH: Readonly<Record<SessionProgram, string>> = {
  proxy: '--reuse',
  ready: '--reuse',
  exec: '--leave-open',
};

/** By option of spa-client: why it is not for these programs. */
export const FOREIGN: Readonly<Partial<Record<OptionName, string>>> = {
  close: 'which is about opening',
  'dry-run': 'which has to connect: try it with spa-client --dry-run HOST',
  'save-packet': 'which sends more packets than one: use spa-client --save-packet HOST',
  timeout: 'where --wait says how long all of it may take',
  code: 'as a code opens once: use spa-client --code',
  'code-file': 'as a code opens once: use spa-client --code-file',
};

/**
 * Reads the words after the program's name.
 * @throws Trouble (exit code 2), one sentence, for the first thing that is wrong.
 */
export const parseSession = (program: SessionProgram, words: readonly string[]): SessionOptions | 'help' => {
  const [mine, command] = program === 'exec' ? splitCommand(words) : [words, []];
  const own = OWN_SWITCH[program];
  const shared = mine.filter((word) => word !== own);
  const raw = sortPlainWords(shared) ?? sortWords(shared);
  if (raw === 'help' || raw === 'version') return 'help';
  for (const [name, why] of Object.entries(FOREIGN)) {
    if (raw.values.has(name as OptionName)) throw new Trouble(`--${name} is not for spa-client ${program}, ${why}`);
  }
  refuseMore(raw, program === 'exec' ? 1 : 2);
  const options = readOptions(raw);
  return {
    options,
    port: program === 'exec' ? undefined : readPort(raw, program),
    limit: options.wait ?? DEFAULT_LIMIT,
    hasSwitch: mine.length !== shared.length,
    command,
  };
};

const splitCommand = (words: readonly string[]): readonly [readonly string[], readonly string[]] => {
  const at = words.indexOf('--');
  if (at >= 0 && words[at + 1] === '') throw new Trouble('the command behind -- is empty: say what to run there');
  if (at >= 0 && at < words.length - 1) return [words.slice(0, at), words.slice(at + 1)];
  if (words.some((word) => word === '-h' || word === '--help')) return [words, []];
  throw new Trouble('say what to run behind --, as in spa-client exec gw1 -- rsync -a here/ gw1:there/');
};

const readPort = (raw: RawOptions, program: 'proxy' | 'ready'): Port | undefined => {
  const text = raw.hosts[1];
  if (text === undefined) {
    if (program === 'ready') return undefined;
    throw new Trouble('name the port too: spa-client proxy HOST PORT, in ssh_config spa-client proxy %h %p');
  }
  const port = portNumber(text);
  if (port.ok) return port.value;
  throw new Trouble(`the port "${printable(text, 60)}": ${port.error}`);
};

const refuseMore = ({ hosts }: RawOptions, most: number): void => {
  const more = hosts[most];
  if (more !== undefined) throw new Trouble(`"${printable(more, 60)}" is one word too many; -h shows how`);
};
