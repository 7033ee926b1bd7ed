/** `spa-client install-ssh HOST`: has ssh open the port by itself. */
import { resolve } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { expandHome } from '../../keys/places.ts';
import { Trouble } from '../../keys/trouble.ts';
import { printable } from '../../src/base/printable.ts';
import type { ClientIo } from '../io.ts';
import { lookUpProfile } from '../profile-file.ts';
import { tellTrouble } from '../tell-trouble.ts';
import { formatBlock, putBlock, type SshBlock } from './block.ts';
import { readConfig, writeConfig } from './config-file.ts';

/** Runs `install-ssh` with the words after it; gives the exit code (0 to 2, see its --help). A bug rejects. */
export const runInstallSsh = (words: readonly string[], io: ClientIo): number => {
  try {
    install(words, io);
    return 0;
  } catch (error) {
    return tellTrouble(error, 'spa-client', io);
  }
};

const install = (words: readonly string[], io: ClientIo): void => {
  const program = installSshProgram((text) => io.out(text));
  const isHelp = readWords(program, words);
  if (isHelp) return;
  const options: RawOptions = program.opts();
  const [host, more] = program.args;
  if (host === undefined || more !== undefined)
    throw new Trouble('name one HOST or profile; spa-client install-ssh --help shows how');
  if ([host, options.file, options.profiles].includes(''))
    throw new Trouble('a name or path is empty: give it, or leave its option out');
  const file = options.file ?? expandHome('~/.ssh/config', io.env);
  if (options.remove === true) {
    remove(file, host, options, io);
    return;
  }
  const block = blockFor(host, options, io);
  if (options.print === true) io.out(formatBlock(block));
  else put(file, block, io);
};

const put = (file: string, block: SshBlock, io: ClientIo): void => {
  const before = readConfig(file);
  const text = putBlock(before.text, block.profile, formatBlock(block));
  const isThere = text === before.text;
  if (!isThere) writeConfig(before, text);
  io.out(
    `${isThere ? 'there is already' : 'wrote'} the block of ${block.profile} in ${printable(before.path)}: ` +
      `"ssh ${block.profile}" opens the port by itself\n`,
  );
};

/** Also where the profile has gone. */
const remove = (file: string, host: string, options: RawOptions, io: ClientIo): void => {
  const found = lookUpProfile(wordsOf(host, options), io.env);
  const name = found !== undefined && 'profile' in found ? found.profile.name : host;
  const before = readConfig(file);
  const text = putBlock(before.text, name, '');
  const isAbsent = text === before.text;
  if (!isAbsent) writeConfig(before, text);
  io.out(`${isAbsent ? 'there is no' : 'removed the'} block of ${printable(name)} in ${printable(before.path)}\n`);
};

const wordsOf = (host: string, { profiles }: RawOptions) => ({
  ...{ host, profile: undefined, profilesFile: profiles },
  ...{ server: undefined, key: undefined },
});

const blockFor = (host: string, options: RawOptions, io: ClientIo): SshBlock => {
  const found = lookUpProfile(wordsOf(host, options), io.env);
  if (found === undefined || 'problem' in found) throw new Trouble(found?.problem ?? 'there is no profile');
  const { profile } = found;
  if (!('key' in profile))
    throw new Trouble(
      `the profile "${printable(profile.name)}" is for fwknop's packets: write Match host HOST exec "spa-client -n ${printable(profile.name)} --wait" yourself`,
    );
  const { profiles } = options;
  return {
    profile: profile.name,
    host: profile.host,
    profilesFile: profiles === undefined ? undefined : resolve(profiles),
  };
};

interface RawOptions {
  readonly file?: string;
  readonly profiles?: string;
  readonly print?: true;
  readonly remove?: true;
}

const EXAMPLES = `
Examples:
  spa-client install-ssh gw1            then: ssh gw1
  spa-client install-ssh --print gw1    only show what would be written
  spa-client install-ssh --remove gw1

The block stands between two lines that mark it; run again, it is replaced, and
nothing else in the file is touched. What the file says above it has precedence.

Exit codes: 0 it is there, or gone; 1 the file cannot be read or written; 2 wrong
usage, trouble with the profile, or half a block in the file.
`;

/** Its command line; `print` is given the text of --help. */
export const installSshProgram = (print: (text: string) => void): Command =>
  new Command('spa-client install-ssh')
    .usage('[options] HOST')
    .description(
      'Have ssh ask for the port by itself: write a block into ~/.ssh/config.\nHOST is a profile, or the host of one.',
    )
    .argument('[hosts...]')
    .configureHelp({ visibleArguments: () => [] })
    .helpOption('-h, --help', 'print this help and exit')
    .exitOverride()
    .configureOutput({ writeOut: print, writeErr: () => undefined })
    .option('--file <FILE>', 'write to FILE (default: ~/.ssh/config)')
    .option('--profiles <FILE>', 'take the profile from FILE (default: ~/.config/spa/profiles.ini)')
    .option('--print', 'print the block, and write nothing')
    .addOption(new Option('--remove', 'take the block away').conflicts('print'))
    .addHelpText('after', EXAMPLES);

/** Whether it was help that was asked for. */
const readWords = (program: Command, words: readonly string[]): boolean => {
  try {
    program.parse(words, { from: 'user' });
    return false;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') return true;
    throw new Trouble(`${error.message.replace(/^error: /, '')}; spa-client install-ssh --help shows how`);
  }
};
