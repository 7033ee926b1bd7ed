/** What decoders compare with, in the ways in which an input may hold it. */
import type { Compared, ProbedModule } from './probes.ts';
import { splice } from './mutate.ts';

const numberOf = (value: number, width: 1 | 2 | 4 | 8, little: boolean): Uint8Array => {
  const out = Buffer.alloc(width);
  if (width === 8) out.writeBigInt64BE(BigInt(value));
  else out.writeUIntBE(value, 0, width);
  return Uint8Array.from(little ? out.reverse() : out);
};

/** Two and four bytes in either order, eight in network order, and digits. */
const formsOfNumber = (value: number): Uint8Array[] => {
  const widths = ([1, 2, 4] as const).filter((width) => value >= 0 && value < 256 ** width);
  const fixed = widths.flatMap((width) =>
    width === 1 ? [numberOf(value, 1, false)] : [numberOf(value, width, false), numberOf(value, width, true)],
  );
  return [...fixed, numberOf(value, 8, false), Buffer.from(String(value))];
};

const formsOf = (value: Compared): Uint8Array[] =>
  typeof value === 'number' ? formsOfNumber(value) : [Buffer.from(value, 'utf8')];

/** Names that every object has: what a table answers that is asked for more than its own. */
const INHERITED = ['__proto__', 'constructor', 'toString', 'valueOf', 'hasOwnProperty'];

/** Those, and the words and numbers of the modules of which something ran. */
export const tokensOf = (modules: readonly ProbedModule[], ran: Uint8Array): Uint8Array[] => {
  const words = new Set<string>(INHERITED);
  const numbers = new Set<number>();
  for (const module of modules) {
    if (!ran.subarray(module.from, module.to).some((count) => count > 0)) continue;
    for (const word of module.words) words.add(word);
    for (const number of module.numbers) numbers.add(number);
  }
  return [...words, ...numbers].flatMap(formsOf);
};

/** Where words are, and how many inputs are made of one seed. */
const WORD = /[\w%-]+/g;
const MOST_WORDS = 200;

/** The text with each of its words, one at a time, replaced by what every object has. */
export const withInherited = (input: Uint8Array): Uint8Array[] => {
  const words = [...Buffer.from(input).toString('latin1').matchAll(WORD)];
  const skip = Math.max(1, Math.ceil(words.length / MOST_WORDS));
  return words
    .filter((_, index) => index % skip === 0)
    .map(({ 0: word, index }) => splice(input, index, word.length, Buffer.from('constructor')));
};

/** How often a value is looked for in one input. */
const MOST_PLACES = 4;

const placesOf = (input: Uint8Array, part: Uint8Array): number[] => {
  const found: number[] = [];
  const buffer = Buffer.from(input.buffer, input.byteOffset, input.length);
  for (let at = buffer.indexOf(part); at >= 0 && found.length < MOST_PLACES; at = buffer.indexOf(part, at + 1))
    found.push(at);
  return found;
};

/** One side's forms in the input, each replaced by the same form of the other side. */
const exchanged = (input: Uint8Array, there: Compared, wanted: Compared): Uint8Array[] => {
  const [before, after] = [formsOf(there), formsOf(wanted)];
  return before.flatMap((part, index) => {
    // A larger number has fewer forms, without those of few bytes, so they are counted from the end.
    const other = after[after.length - (before.length - index)];
    if (part.length === 0 || other === undefined) return [];
    return placesOf(input, part).map((at) => splice(input, at, part.length, other));
  });
};

/**
 * Inputs in which what was compared is made the same, wherever the input seems to hold it: the way past a comparison
 * with many bytes at once, which no single change gets past (as REDQUEEN does; Aschermann and others, NDSS 2019).
 */
export const madeSame = (input: Uint8Array, pairs: readonly (readonly [Compared, Compared])[]): Uint8Array[] =>
  pairs.flatMap(([a, b]) => [...exchanged(input, a, b), ...exchanged(input, b, a)]);

/** Both sides of the comparisons, as tokens. */
export const tokensOfPairs = (pairs: readonly (readonly [Compared, Compared])[]): Uint8Array[] => {
  const values = new Set(pairs.flat());
  return [...values].flatMap(formsOf).filter(({ length }) => length > 0);
};
