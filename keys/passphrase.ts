/** The passphrase of an invite: typed, or in a file. */
import { readSecretFile } from './safe-file.ts';
import { Trouble } from './trouble.ts';

/** Where it comes from. */
export type PassphraseSource = 'ask' | { readonly file: string };

/** What the two options of a command line say; undefined: no passphrase. */
export const passphraseSource = (options: {
  readonly passphrase?: true;
  readonly passphraseFile?: string;
}): PassphraseSource | undefined =>
  options.passphraseFile !== undefined ? { file: options.passphraseFile } : options.passphrase ? 'ask' : undefined;

const NO_TERMINAL = 'there is no terminal to ask for the passphrase: name a file that holds it with --passphrase-file';

type Ask = (prompt: string, otherwise: string) => string;

/** The first line of the file. @throws FileRefused as {@link readSecretFile} · Trouble where it is empty. */
const readPassphraseFile = (path: string): string => {
  const [line = ''] = readSecretFile(path).split(/\r?\n/);
  if (line === '') throw new Trouble(`the first line of ${path} is empty: it must be the passphrase`);
  return line;
};

/** A new one, typed twice. @throws Trouble, FileRefused. */
export const choosePassphrase = (source: PassphraseSource, ask: Ask): string => {
  if (source !== 'ask') return readPassphraseFile(source.file);
  const typed = ask('Passphrase for the invite: ', NO_TERMINAL);
  if (typed === '') throw new Trouble('the passphrase is empty: leave out --passphrase for an invite without one', 1);
  if (ask('The same again: ', NO_TERMINAL) === typed) return typed;
  throw new Trouble('the two are not the same: nothing was done, run this again', 1);
};

/** The one that an invite was sealed with. @throws Trouble, FileRefused. */
export const readPassphrase = (source: PassphraseSource, ask: Ask): string =>
  source === 'ask' ? ask('Passphrase of the invite: ', NO_TERMINAL) : readPassphraseFile(source.file);
