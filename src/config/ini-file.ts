/**
 * INI files with line numbers. The package `ini` reads quoted values; around it stands what it lacks: line numbers,
 * duplicates told instead of merged, section names with dots, and values that contain `;` or `#`.
 *
 * A comment begins with `;` or `#` at the start of a line or after white space. Elsewhere the two are ordinary letters;
 * a value that needs one after white space is put in double quotes, with the escapes of JSON.
 */
import { unsafe } from 'ini';
import { printable } from '../base/printable.ts';
import type { Issue } from './issue.ts';

export interface IniEntry {
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

export interface IniSection {
  /** The text between the brackets, white space around it cut and inside it folded to single spaces. */
  readonly name: string;
  readonly line: number;
  readonly entries: readonly IniEntry[];
}

export interface IniFile {
  readonly sections: readonly IniSection[];
  readonly issues: readonly Issue[];
}

/** A section under construction. */
interface OpenSection extends IniSection {
  readonly entries: IniEntry[];
}

/** Reads `text`; `file` is its name in the issues. Keys are lower-cased. */
export const parseIni = (text: string, file: string): IniFile => {
  const issues: Issue[] = [];
  return { sections: [...iniSections(text, file, issues)], issues };
};

/**
 * The sections of `text` one after another, each as soon as its end has been read, so that of ten thousand only one need be
 * held. What is wrong is added to `issues`, of a section before it is given.
 */
export function* iniSections(text: string, file: string, issues: Issue[]): Generator<IniSection, void, undefined> {
  let section: OpenSection | undefined;
  /** The line where each began: looked up by name, for there may be thousands. */
  const begun = new Map<string, number>();
  let line = 0;
  const complain: Complain = (problem, hint) => issues.push({ severity: 'error', file, line, problem, hint });
  for (const raw of linesOf(text)) {
    line += 1;
    const content = raw.trim();
    if (content === '' || content.startsWith(';') || content.startsWith('#')) continue;
    const name = content.startsWith('[') ? headerOf(content) : undefined;
    if (name === undefined) addEntry(section, content, line, complain);
    else {
      if (section !== undefined) yield section;
      section = openSection(begun, name, line, complain);
    }
  }
  if (section !== undefined) yield section;
}

/** Without their ends; those of Windows are cut with the white space. */
function* linesOf(text: string): Generator<string, void, undefined> {
  for (let start = text.startsWith('\uFEFF') ? 1 : 0; start <= text.length;) {
    const end = text.indexOf('\n', start);
    yield text.slice(start, end < 0 ? text.length : end);
    if (end < 0) return;
    start = end + 1;
  }
}

/** Undefined where the line is no header. */
const headerOf = (content: string): string | undefined =>
  /^\[(.*)\]$/.exec(withoutComment(content))?.[1]?.trim().replace(/\s+/g, ' ');

type Complain = (problem: string, hint: string) => unknown;

const openSection = (begun: Map<string, number>, name: string, line: number, complain: Complain): OpenSection => {
  const before = begun.get(name);
  if (name === '') complain('a section without a name', 'write [spad] or [access NAME]');
  if (before !== undefined) {
    complain(`section [${printable(name)}] again`, `it began at line ${String(before)}; give each section once`);
  } else begun.set(name, line);
  return { name, line, entries: [] };
};

const addEntry = (section: OpenSection | undefined, content: string, line: number, complain: Complain): void => {
  const equals = content.indexOf('=');
  const key = content.slice(0, Math.max(equals, 0)).trim().toLowerCase();
  if (key === '') {
    complain(`"${printable(content, 60)}" is neither a section nor a setting`, 'write "key = value" or "[section]"');
    return;
  }
  if (section === undefined) {
    complain(`"${printable(key)}" stands before any section`, 'begin the file with a section such as [spad]');
    return;
  }
  const before = section.entries.find((entry) => entry.key === key);
  if (before !== undefined) {
    complain(`"${printable(key)}" again`, `it was set at line ${String(before.line)}; give each key once`);
    return;
  }
  const value = readValue(content.slice(equals + 1).trim());
  if (value === undefined) {
    complain(
      `${printable(key)}: a quoted value that cannot be read`,
      'close the quotes, and write \\" and \\\\ for " and \\ inside them',
    );
  } else section.entries.push({ key, value, line });
};

/** Undefined where the text begins with a double quote and is not one quoted value, with or without a comment behind it. */
const readValue = (text: string): string | undefined => {
  if (!text.startsWith('"')) return withoutComment(text);
  const quoted = /^"(?:[^"\\]|\\.)*"/.exec(text)?.[0];
  if (quoted === undefined || withoutComment(text.slice(quoted.length)) !== '') return undefined;
  const value = unsafe(quoted);
  // The package gives back what it cannot read as it was.
  return value === quoted ? undefined : value;
};

/** A line of nothing but a comment has been passed over before; what is left of any other is never only white space. */
const withoutComment = (text: string): string => {
  const start = text.search(/(?:^|\s)[;#]/);
  return (start < 0 ? text : text.slice(0, start)).trim();
};
