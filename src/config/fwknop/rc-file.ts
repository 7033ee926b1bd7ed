/**
 * `~/.fwknoprc`, read as fwknop 2.6.10 reads it: `[NAME]` begins a stanza, `VARIABLE value` or `VARIABLE: value` sets; a
 * value ends at the first white space, `;` or `#`, so that a key with one of these in it is cut. What stands before any
 * stanza does not count. Case counts in variables and not in names of stanzas.
 *
 * Unlike fwknop, `VARIABLE = value` is an error (fwknop takes `=` for the value), and comments may be indented.
 */
import { printable } from '../../base/printable.ts';
import { nearest } from '../../base/suggest.ts';
import type { Issue } from '../issue.ts';
import { RC_SECRETS, RC_VARIABLES, type RcVariable, rcVariable } from './rc-variables.ts';

export interface RcEntry {
  readonly variable: RcVariable;
  /** As it stands; not checked further. */
  readonly value: string;
  /** From 1. */
  readonly line: number;
}

export interface RcStanza {
  /** As written between the brackets. */
  readonly name: string;
  readonly line: number;
  /** In the order of the file; of two about one variable the later counts. */
  readonly entries: readonly RcEntry[];
  readonly issues: readonly Issue[];
}

export interface RcReading {
  readonly stanzas: readonly RcStanza[];
  /** Those of all stanzas, and of the lines before them. A stanza that is not in use does no harm: see {@link rcIssues}. */
  readonly issues: readonly Issue[];
}

/** A stanza under construction. */
interface OpenStanza extends RcStanza {
  readonly entries: RcEntry[];
  readonly issues: Issue[];
}

/** Reads `text`; `file` is its name in the issues. */
export const parseRcFile = (text: string, file: string): RcReading => {
  const stanzas: OpenStanza[] = [];
  const preamble: Issue[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = index + 1;
    const header = headerOf(raw);
    if (header !== undefined) stanzas.push({ name: header, line, entries: [], issues: [] });
    else if (!isRemark(raw)) {
      const stanza = stanzas.at(-1);
      const complain = complainInto(stanza?.issues ?? preamble, file, line);
      if (stanza !== undefined) readVariable(raw, line, stanza, complain);
      else
        complain(
          'warning',
          `"${nameIn(raw)}" stands before any stanza`,
          'begin with [default], else it does not count',
        );
    }
  }
  return { stanzas, issues: [...preamble, ...stanzas.flatMap(({ issues }) => issues)] };
};

/** The variables that count for stanza `name`: those of `[default]` below its own. Empty where there is neither. */
export const rcVariables = (
  reading: RcReading,
  name: string,
): Map<RcVariable, { readonly value: string; readonly line: number }> =>
  new Map(
    stanzasFor(reading, name).flatMap(({ entries }) =>
      entries.map(({ variable, value, line }) => [variable, { value, line }] as const),
    ),
  );

/** What is wrong in `[default]` and the stanza `name`: an error among them must end the client, as it ends fwknop's. */
export const rcIssues = (reading: RcReading, name: string): readonly Issue[] =>
  stanzasFor(reading, name).flatMap(({ issues }) => issues);

/** Whether there is a stanza of this name. */
export const hasRcStanza = ({ stanzas }: RcReading, name: string): boolean =>
  stanzas.some((stanza) => isNamed(stanza, name));

/**
 * `text` with the stanza `name` (the first of that name) set to `entries` and to nothing else, in their order; where there
 * is none, it is added at the end. Comments and blank lines stay, unlike with fwknop.
 * @throws RangeError where reading a value back would give another one.
 */
export const writeRcStanza = (
  text: string,
  name: string,
  entries: readonly (readonly [variable: RcVariable, value: string])[],
): string => {
  if (headerOf(`[${name}]`) !== name) throw new RangeError(`[${printable(name)}] cannot be the name of a stanza`);
  const added = entries.map(([variable, value]) => {
    if (!/^[^\s;#]+$/.test(value))
      throw new RangeError(`${variable}: a value of no or several words cannot be written`);
    return `${variable.padEnd(27)} ${value}`;
  });
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  const start = lines.findIndex((line) => sameName(headerOf(line), name));
  if (start < 0) {
    const gap = lines.length === 0 || lines.at(-1)?.trim() === '' ? [] : [''];
    return [...lines, ...gap, `[${name}]`, ...added, ''].join('\n');
  }
  const next = lines.findIndex((line, index) => index > start && headerOf(line) !== undefined);
  const end = next < 0 ? lines.length : next;
  const kept = lines.slice(start + 1, end);
  const first = kept.findIndex((line) => !isRemark(line));
  const at = first < 0 ? kept.length - trailingRemarks(kept) : first;
  const body = [...kept.slice(0, at), ...added, ...kept.slice(at).filter(isRemark)];
  return [...lines.slice(0, start + 1), ...body, ...lines.slice(end), ''].join('\n');
};

/** How many blank lines, and comments behind a blank line, end the stanza: they belong to what follows it. */
const trailingRemarks = (lines: readonly string[]): number => {
  const blank = lines.findIndex((line) => line.trim() === '');
  return blank < 0 ? 0 : lines.length - blank;
};

const stanzasFor = ({ stanzas }: RcReading, name: string): readonly RcStanza[] => {
  const isDefault = (stanza: RcStanza): boolean => isNamed(stanza, 'default');
  return [...stanzas.filter(isDefault), ...stanzas.filter((stanza) => isNamed(stanza, name) && !isDefault(stanza))];
};

const isNamed = (stanza: RcStanza, name: string): boolean => sameName(stanza.name, name);

const sameName = (a: string | undefined, b: string): boolean => a?.toLowerCase() === b.toLowerCase();

/** The name in `[NAME]`, whatever stands behind it; undefined where the line is no such header. */
const headerOf = (line: string): string | undefined => /^\s*\[([^\]\r\n]+)\]/.exec(line)?.[1];

const isRemark = (line: string): boolean => /^\s*(?:[;#]|$)/.test(line);

type Complain = (severity: Issue['severity'], problem: string, hint: string) => void;

const complainInto =
  (issues: Issue[], file: string, line: number): Complain =>
  (severity, problem, hint) => {
    issues.push({ severity, file, line, problem, hint });
  };

/** The first word alone: what follows may be a key. */
const nameIn = (raw: string): string => printable(/\S+/.exec(raw)?.[0] ?? '', 40);

const readVariable = (raw: string, line: number, stanza: OpenStanza, complain: Complain): void => {
  const [, word = '', value, rest = ''] = /^\s*(\S+)(?:\s+([^\s;#]+)(.*))?/.exec(raw) ?? [];
  const name = word.replace(/:$/, '');
  const variable = rcVariable(name);
  if (value === undefined) {
    complain('error', `"${nameIn(raw)}" has no value`, 'write "VARIABLE value", or put # in front of the line');
    return;
  }
  if (variable === undefined) {
    complain('error', `unknown variable "${printable(name, 40)}"`, hintFor(name));
    return;
  }
  if (value === '=' || value === ':') {
    complain('error', `${variable} ${value}`, `write "${variable} value", without "${value}" between them`);
    return;
  }
  if (RC_SECRETS.includes(variable) && /^[;#]?\S|^\s+[^\s;#]/.test(rest)) {
    complain(
      'warning',
      `the value of ${variable} ends before the end of its line`,
      'it ends at the first space, ";" or "#"; write such a key as base64',
    );
  }
  stanza.entries.push({ variable, value, line });
};

const hintFor = (name: string): string => {
  const near = nearest(name, RC_VARIABLES);
  return near === undefined ? `known are ${RC_VARIABLES.join(', ')}` : `did you mean ${near}?`;
};
