/** The command line of `spa-client join`. */
import { Command, CommanderError, Option } from 'commander';
import { Trouble } from '../../keys/trouble.ts';

export interface JoinOptions {
  /** `input`: standard input. */
  readonly from: { readonly text: string } | { readonly file: string } | 'input';
  readonly passphraseFile: string | undefined;
  /** What the profile is to be called; undefined: as the server. */
  readonly name: string | undefined;
  readonly profilesFile: string | undefined;
  readonly force: boolean;
  readonly test: boolean;
}

const EXAMPLES = `
Examples:
  spa-client join -               then paste the line that spa-keys invite has printed
  spa-client join --file invite.txt
  spa-client join --name work -   call the profile "work"

A line of spa-keys rotate puts its key into the profile that has the old one, and
leaves the rest: once the server has answered a packet made with it. Until then the
profile keeps the old key.

An invite as a word on the command line can be seen by everyone on this host, and
stays in the shell's history: prefer - or --file.

Exit codes:
  0  the profile is there, and works (--no-test: is there)
  1  it could not be done: no such host, no route, a file cannot be written
  2  wrong usage, an invite that cannot be read or has ended, a profile in the way
  3  the profile is there, and the port did not open in time
  4  the profile is there, and the server refused
`;

interface RawJoinOptions {
  readonly file?: string;
  readonly passphraseFile?: string;
  readonly name?: string;
  readonly profiles?: string;
  readonly force?: true;
  readonly test: boolean;
}

/**
 * Reads the words after `join`; the text of --help where that is asked for.
 * @throws Trouble, one sentence, for the first thing that is wrong.
 */
export const parseJoinCommand = (words: readonly string[]): JoinOptions | { readonly help: string } => {
  let help = '';
  const program = joinProgram().configureOutput({ writeOut: (text) => (help += text), writeErr: () => undefined });
  try {
    program.parse(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') return { help };
    throw new Trouble(`${error.message.replace(/^error: /, '')}; spa-client join --help shows how`);
  }
  const options: RawJoinOptions = program.opts();
  const [text, more] = program.args;
  if (more !== undefined) throw new Trouble('one invite at a time; a line with blanks in it needs quotes, or use -');
  if ((text === undefined) === (options.file === undefined))
    throw new Trouble('give the invite, or - to paste it, or --file FILE; spa-client join --help shows how');
  if ([options.file, options.passphraseFile, options.name, options.profiles].includes(''))
    throw new Trouble('a name or path is empty: give it, or leave its option out');
  return {
    from: options.file !== undefined ? { file: options.file } : text === undefined || text === '-' ? 'input' : { text },
    ...{ passphraseFile: options.passphraseFile, name: options.name, profilesFile: options.profiles },
    ...{ force: options.force === true, test: options.test },
  };
};

/** The command line as commander reads it. */
export const joinProgram = (): Command =>
  new Command('spa-client join')
    .usage('[options] INVITE|-')
    .description('Make a profile of the line that spa-keys invite has printed, and try it.')
    .argument('[invite...]')
    .configureHelp({ visibleArguments: () => [] })
    .helpOption('-h, --help', 'print this help and exit')
    .exitOverride()
    .option('--file <FILE>', 'read the invite from FILE')
    .addOption(new Option('--passphrase-file <FILE>', 'its passphrase is the first line of FILE, of mode 0600'))
    .option('--name <NAME>', "what to call the profile (default: the server's name)")
    .option('--profiles <FILE>', 'add it to FILE (default: ~/.config/spa/profiles.ini)')
    .option('--force', 'replace a profile of that name')
    .option('--no-test', 'do not try whether it works')
    .addHelpText('after', EXAMPLES);
