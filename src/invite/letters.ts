/**
 * The text of an invite (docs/invite.md, sections 1 and 3): a prefix, letters of 5 bits, and a check that finds what was
 * mistyped. Made for people: capitals and small letters are the same, and so are letters that look alike.
 */
import { err, ok, type Result } from '../base/result.ts';
import { CHECK_SYMBOLS, checkSymbols, judgeSymbols } from './check-symbols.ts';
import type { InviteFault } from './fault.ts';

/** Crockford's: none that is taken for another. */
const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz';
const PREFIX = 'spa1-';
const ALIKE: Readonly<Record<string, string>> = { o: '0', i: '1', l: '1' };

const MIN_LETTERS = 88;
const MAX_LETTERS = 2040;
const CHECK_LETTERS = 2 * CHECK_SYMBOLS;

/** The line for these bytes, whose number is a multiple of 5, at least 50 and at most 1270. Throws RangeError for another. */
export const formatLetters = (payload: Uint8Array): string => {
  const letters = lettersOf(payload);
  const total = letters.length + CHECK_LETTERS;
  if (payload.length % 5 !== 0 || total < MIN_LETTERS || total > MAX_LETTERS)
    throw new RangeError(`${String(payload.length)} bytes are no payload of an invite`);
  const checks = checkSymbols(symbolsOf(letters)).map((symbol) => [symbol >> 5, symbol & 31]);
  return PREFIX + [...letters, ...checks.flat()].map((value) => LETTERS.charAt(value)).join('');
};

/** The payload that `text` holds, or what is wrong with it. */
export const parseLetters = (text: string): Result<Uint8Array, InviteFault> => {
  const typed = text
    .replace(/[\u200b\u2060\ufeff]/g, '')
    .trim()
    .toLowerCase();
  if (typed === '') return err({ kind: 'empty' });
  if (!typed.startsWith(PREFIX)) return err({ kind: /^spa[0-9]-/.test(typed) ? 'newer' : 'no-invite' });
  const letters = Array.from(typed.slice(PREFIX.length).replace(/[\s-]/g, ''), (letter) => ALIKE[letter] ?? letter);
  const stray = letters.findIndex((letter) => !LETTERS.includes(letter));
  if (stray >= 0) return err({ kind: 'stray-letter', place: stray + 1, letter: letters[stray] ?? '' });
  const count = letters.length;
  if (count < MIN_LETTERS || count > MAX_LETTERS || count % 8 !== 0)
    return err({ kind: 'wrong-length', letters: count });
  const values = letters.map((letter) => LETTERS.indexOf(letter));
  const mistyped = mistypedIn(values);
  return mistyped === undefined ? ok(bytesOf(values.slice(0, -CHECK_LETTERS))) : err(mistyped);
};

const mistypedIn = (values: readonly number[]): InviteFault | undefined => {
  const symbols = symbolsOf(values);
  const check = judgeSymbols(symbols);
  if (check.kind === 'right') return undefined;
  if (check.kind !== 'one-wrong') return { kind: 'mistyped', places: [], letters: '' };
  const right = (symbols[check.index] ?? 0) ^ check.error;
  const halves = [5, 0].flatMap((shift, half) => {
    if (((check.error >> shift) & 31) === 0) return [];
    return [{ place: 2 * check.index + half + 1, letter: LETTERS.charAt((right >> shift) & 31) }];
  });
  return {
    kind: 'mistyped',
    places: halves.map(({ place }) => place),
    letters: halves.map(({ letter }) => letter).join(''),
  };
};

/** Two letters make one symbol. */
const symbolsOf = (values: readonly number[]): readonly number[] =>
  Array.from(
    { length: values.length / 2 },
    (_, index) => ((values[2 * index] ?? 0) << 5) | (values[2 * index + 1] ?? 0),
  );

/** Eight values of 5 bits for five bytes. */
const lettersOf = (bytes: Uint8Array): number[] => regroup(bytes, 8, 5);

const bytesOf = (values: readonly number[]): Uint8Array => Uint8Array.from(regroup(values, 5, 8));

/** The same bits, in groups of `to` bits instead of `from`; what does not fill a group is left out. */
const regroup = (groups: Iterable<number>, from: number, to: number): number[] => {
  const out: number[] = [];
  let held = 0;
  let bits = 0;
  for (const group of groups) {
    held = ((held << from) | group) & 0xffff;
    for (bits += from; bits >= to; bits -= to) out.push((held >> (bits - to)) & ((1 << to) - 1));
  }
  return out;
};
