/**
 * GNU `getopt_long`: options anywhere, long names cut short, switches run together. The command lines of knock
 * and fwknop are read by it, and commander reads others: `-d100`, `--verb`, and what is complained about.
 */

export interface LongOption {
  readonly name: string;
  /** The letter that means the same. Names with the same letter are one option; the first in the table is its name. */
  readonly short: string | undefined;
  readonly takesValue: boolean;
}

/** One option in the order of the command line, or the complaint that ends the reading. */
export type Found = { readonly option: string; readonly value: string } | { readonly complaint: string };

export interface Reading {
  /** Up to the first complaint, which is the last of them. */
  readonly found: readonly Found[];
  readonly operands: readonly string[];
}

/** Reads `words` by `table`; `posixly` is what POSIXLY_CORRECT means: the first operand ends the options. */
export const readOptions = (words: readonly string[], table: readonly LongOption[], posixly = false): Reading => {
  const found: Found[] = [];
  const operands: string[] = [];
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') break;
    if (word === '-' || !word.startsWith('-')) {
      operands.push(word);
      if (posixly) break;
      continue;
    }
    found.push(...(word.startsWith('--') ? [readLong(word.slice(2), table, rest)] : readShort(word, table, rest)));
    if (found.some((each) => 'complaint' in each)) break;
  }
  return { found, operands: [...operands, ...rest] };
};

const readLong = (word: string, table: readonly LongOption[], rest: string[]): Found => {
  const [, typed = '', value] = /^([^=]*)(?:=([^]*))?$/.exec(word) ?? [];
  const exact = table.find(({ name }) => name === typed);
  const all = table.filter(({ name }) => name.startsWith(typed));
  const near = all.filter((each, index) => all.findIndex((other) => isSame(each, other)) === index);
  if (exact === undefined && near.length > 1) {
    const names = near.map(({ name }) => `'--${name}'`).join(' ');
    return { complaint: `option '--${word}' is ambiguous; possibilities: ${names}` };
  }
  const option = exact ?? near[0];
  if (option === undefined) return { complaint: `unrecognized option '--${typed}'` };
  const { name: written, takesValue } = option;
  const name = table.find((each) => isSame(each, option))?.name ?? written;
  if (!takesValue) {
    return value === undefined
      ? { option: name, value: '' }
      : { complaint: `option '--${written}' doesn't allow an argument` };
  }
  const given = value ?? rest.shift();
  return given === undefined
    ? { complaint: `option '--${written}' requires an argument` }
    : { option: name, value: given };
};

const isSame = (a: LongOption, b: LongOption | undefined): boolean =>
  a === b || (a.short !== undefined && a.short === b?.short);

const readShort = (word: string, table: readonly LongOption[], rest: string[]): Found[] => {
  const found: Found[] = [];
  for (let at = 1; at < word.length; at += 1) {
    const letter = word.charAt(at);
    const option = table.find(({ short }) => short === letter);
    if (option === undefined) return [...found, { complaint: `invalid option -- '${letter}'` }];
    if (!option.takesValue) {
      found.push({ option: option.name, value: '' });
      continue;
    }
    const value = at + 1 < word.length ? word.slice(at + 1) : rest.shift();
    if (value === undefined) return [...found, { complaint: `option requires an argument -- '${letter}'` }];
    return [...found, { option: option.name, value }];
  }
  return found;
};
