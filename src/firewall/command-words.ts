/**
 * Splits a command into words as a simple shell does: white space between them, quotes around what has some inside, a
 * backslash before a letter that is to be taken as it stands. Nothing is expanded.
 */
import { err, ok, type Result } from '../base/result.ts';

/** A letter, and whether a backslash takes its meaning from it. */
interface Letter {
  readonly text: string;
  readonly isPlain: boolean;
}

export type Word = readonly Letter[];

/** What only a shell understands, standing by itself. */
const SHELL_WORDS = ['|', '||', '&', '&&', ';', '>', '>>', '<', '<<', '2>', '2>&1', '>/dev/null', '2>/dev/null'];

/** The words of `text`, or what would be right. */
export const splitWords = (text: string): Result<readonly Word[], string> => {
  const words: Letter[][] = [];
  let word: Letter[] | undefined;
  let quote = '';
  let wasQuoted = false;
  const end = (): string | undefined => {
    const shown = word?.map((letter) => letter.text).join('') ?? '';
    if (word !== undefined) words.push(word);
    word = undefined;
    return !wasQuoted && SHELL_WORDS.includes(shown) ? shown : undefined;
  };
  for (let at = 0; at <= text.length; at += 1) {
    const letter = text.charAt(at);
    if (quote === '' && (letter === '' || /\s/.test(letter))) {
      const stray = end();
      if (stray !== undefined) return err(onlyShell(stray));
      wasQuoted = false;
    } else if (letter === '') return err(`close the quote ${quote}`);
    else if (letter === quote) quote = '';
    else if (quote === '' && (letter === '"' || letter === "'")) {
      [quote, wasQuoted] = [letter, true];
      word ??= [];
    } else if (letter === '\\' && escapes(quote, text.charAt(at + 1))) {
      at += 1;
      if (at >= text.length) return err('a backslash at the end stands for nothing; take it away');
      [word, wasQuoted] = [[...(word ?? []), { text: text.charAt(at), isPlain: true }], true];
    } else word = [...(word ?? []), { text: letter, isPlain: false }];
  }
  return ok(words);
};

/** As in a shell: everything outside of quotes, the two that mean something inside of double ones, nothing in single ones. */
const escapes = (quote: string, next: string): boolean =>
  quote === '' || (quote === '"' && (next === '"' || next === '\\'));

const onlyShell = (word: string): string =>
  `${word} means something to a shell alone, and there is none: set command_shell = yes, or put it in quotes`;
