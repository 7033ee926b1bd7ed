/**
 * The command lines that are usual, read without commander, whose loading is half the work of a start. What is given back is what
 * commander gives for the same words; where there may be anything to complain about, nothing is.
 */
import {
  bindWait,
  OPTION_NAMES,
  OPTION_TABLE,
  type OptionName,
  type OptionRow,
  type RawOptions,
} from './option-table.ts';

/** Undefined unless each word is a host, or an option once, written in full or as its letter alone, with its value. */
export const sortPlainWords = (args: readonly string[]): RawOptions | undefined => {
  const given = new Map<OptionName, string>();
  const hosts: string[] = [];
  const words = bindWait(args);
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (!word.startsWith('-')) {
      hosts.push(word);
      continue;
    }
    const [, typed = '', bound] = /^([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
    const name = nameOf(typed);
    if (name === undefined || given.has(name)) return undefined;
    const { value: wanted }: OptionRow = OPTION_TABLE[name];
    let value = '';
    if (wanted === undefined ? bound !== undefined : bound !== undefined && !typed.startsWith('--')) return undefined;
    if (wanted !== undefined) {
      value = bound ?? words[(index += 1)] ?? '';
      if (value === '' || value.startsWith('-')) return undefined;
    }
    given.set(name, value);
  }
  return { values: inOrder(given), hosts };
};

const nameOf = (typed: string): OptionName | undefined =>
  OPTION_NAMES.find((name) => {
    const { short }: OptionRow = OPTION_TABLE[name];
    return typed === `--${name}` || (short !== undefined && typed === `-${short}`);
  });

/** In the order of the table, as complaints go by it. */
const inOrder = (given: ReadonlyMap<OptionName, string>): ReadonlyMap<OptionName, string> => {
  const values = new Map<OptionName, string>();
  for (const name of OPTION_NAMES) {
    const value = given.get(name);
    if (value !== undefined) values.set(name, value);
  }
  return values;
};
