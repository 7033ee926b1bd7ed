/** From the variables of .fwknoprc to options and back. */
import type { RcVariable } from '../../src/config/fwknop/rc-variables.ts';
import { type Given, type GivenOptions, setOption } from './command-line.ts';
import { type OptionName, optionOfVariable, takesValue, variableOfOption } from './options.ts';

export interface RcOptions {
  readonly options: Map<OptionName, Given>;
  /** What VERBOSE says: a number, or 1 for Y. */
  readonly verbose: number;
}

type RcVariables = ReadonlyMap<RcVariable, { readonly value: string; readonly line: number }>;

/** Variables that no option has, and that mean what another variable does. */
const SAME_AS: Readonly<Partial<Record<RcVariable, OptionName>>> = {
  RESOLVE_IP_HTTP: 'resolve-ip-https',
  GPG_SIGNING_PW: 'key-rijndael',
  GPG_SIGNING_PW_BASE64: 'key-base64-rijndael',
};

/** The options that `variables` of `file` stand for. What is wrong with a value is found where options are read. */
export const rcOptions = (variables: RcVariables, file: string): RcOptions => {
  const options = new Map<OptionName, Given>();
  let verbose = 0;
  for (const [variable, { value, line }] of variables) {
    const given = { text: value, where: `${variable} in ${file}, line ${String(line)}` };
    if (variable === 'VERBOSE') verbose = /^[0-9]$/.test(value) ? Number(value) : isYes(value) ? 1 : 0;
    else setVariable(options, variable, given);
  }
  return { options, verbose };
};

const isYes = (text: string): boolean => text.toLowerCase() === 'y';

const setVariable = (options: Map<OptionName, Given>, variable: RcVariable, given: Given): void => {
  const name = optionOf(variable, given.text);
  if (name === undefined) return;
  const isSwitch = !takesValue(name);
  if (isSwitch && variable !== 'ALLOW_IP' && !isYes(given.text)) {
    options.delete(name);
    return;
  }
  const text = isSwitch ? '' : name === 'time-offset-minus' ? given.text.slice(1) : given.text;
  setOption(options, name, { text, where: given.where });
};

const optionOf = (variable: RcVariable, value: string): OptionName | undefined => {
  if (variable === 'ALLOW_IP' && value.toLowerCase() === 'source') return 'source-ip';
  if (variable === 'ALLOW_IP' && value.toLowerCase() === 'resolve') return 'resolve-ip-https';
  if (variable === 'TIME_OFFSET' && value.startsWith('-')) return 'time-offset-minus';
  return SAME_AS[variable] ?? optionOfVariable(variable);
};

/** The options of a command line over those of a file. */
export const mergeOptions = (below: GivenOptions, above: GivenOptions): GivenOptions => {
  const merged = new Map(below);
  for (const [name, given] of above) setOption(merged, name, given);
  return merged;
};

/**
 * The variables that say what the options of a command line do, for a stanza. Where to open for (`-s`, `-R`) is saved too,
 * which fwknop forgets for `-s`.
 */
export const rcEntries = (options: GivenOptions, verbose: number): (readonly [RcVariable, string])[] => {
  const entries: (readonly [RcVariable, string])[] = [];
  for (const [name, { text }] of options) {
    const variable = variableOfOption(name);
    if (name === 'source-ip') entries.push(['ALLOW_IP', 'source']);
    else if (name === 'time-offset-minus') entries.push(['TIME_OFFSET', `-${text}`]);
    else if (name === 'verbose') entries.push(['VERBOSE', String(verbose)]);
    else if (variable !== undefined) entries.push([variable, takesValue(name) ? text : 'Y']);
  }
  return entries;
};
