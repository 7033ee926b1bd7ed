/**
 * The last command line, as `~/.fwknop.run` holds it: one line of words. fwknop writes them without quotes, so that a word
 * of two parts comes back as two, and with keys; here words are quoted where they must be, and keys are left out.
 */
import { readOptions } from '../getopt.ts';
import { LONG_OPTIONS, type OptionName, isOptionName, spellOption, takesValue } from './options.ts';

/** Options whose value is a key. */
const SECRETS: readonly OptionName[] = ['key-rijndael', 'key-base64-rijndael', 'key-hmac', 'key-base64-hmac'];

export interface SavedCommand {
  /** The line to save, with its line end. */
  readonly line: string;
  /** Whether it lacks keys that were given. */
  readonly lacksKeys: boolean;
}

/** What to save of `words`, the command line after the program's name. */
export const saveCommand = (words: readonly string[], posixly: boolean): SavedCommand => {
  const { found, operands } = readOptions(words, LONG_OPTIONS, posixly);
  const kept: string[] = [];
  let lacksKeys = false;
  for (const each of found) {
    if ('complaint' in each || !isOptionName(each.option)) continue;
    if (SECRETS.includes(each.option)) lacksKeys = true;
    else kept.push(spellOption(each.option), ...(takesValue(each.option) ? [each.value] : []));
  }
  return { line: `${['fwknop', ...kept, ...operands].map(quote).join(' ')}\n`, lacksKeys };
};

const quote = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** The words after the program's name in a saved line, ours or fwknop's own. */
export const savedWords = (text: string): readonly string[] => {
  const [line = ''] = text.split('\n');
  const words = [...line.matchAll(/(?:'[^']*'|\\.|[^\s'\\]|'[^']*$)+/g)].map(([word]) =>
    word.replaceAll(
      /'([^']*)'|\\(.)/g,
      (_, inner: string | undefined, escaped: string | undefined) => inner ?? escaped ?? '',
    ),
  );
  return words.slice(1);
};
