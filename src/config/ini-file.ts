/**
 * INI files with line numbers. The package `ini` reads the values (quotes, escapes); around it stands what it lacks:
 * line numbers, duplicates told instead of merged, section names with dots, and values that contain `;` or `#`.
 *
 * A comment begins with `;` or `#` at the start of a line or after white space. Elsewhere the two are ordinary letters;
 * a value that needs one after white space is put in double quotes.
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
  const sections: OpenSection[] = [];
  const issues: Issue[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = index + 1;
    const content = stripComment(index === 0 ? raw.replace(/^\uFEFF/, '') : raw).trim();
    const complain = (problem: string, hint: string): unknown =>
      issues.push({ severity: 'error', file, line, problem, hint });
    if (content === '') continue;
    const header = /^\[(.*)\]$/.exec(content);
    if (header !== null) openSection(sections, (header[1] ?? '').trim().replace(/\s+/g, ' '), line, complain);
    else addEntry(sections.at(-1), content, line, complain);
  }
  return { sections, issues };
};

type Complain = (problem: string, hint: string) => unknown;

const openSection = (sections: OpenSection[], name: string, line: number, complain: Complain): void => {
  const before = sections.find((section) => section.name === name);
  if (name === '') complain('a section without a name', 'write [spad] or [access NAME]');
  if (before !== undefined) {
    complain(`section [${printable(name)}] again`, `it began at line ${String(before.line)}; give each section once`);
  }
  sections.push({ name, line, entries: [] });
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
  section.entries.push({ key, value: readValue(content.slice(equals + 1).trim()), line });
};

/** `unsafe` unquotes and unescapes, but would cut at `;` and `#`: what has survived so far is escaped for it. */
const readValue = (text: string): string => {
  const isQuoted = /^(["']).*\1$/.test(text);
  return String(unsafe(isQuoted ? text : text.replace(/[\\;#]/g, '\\$&')));
};

const stripComment = (line: string): string => {
  let quoted = false;
  for (let index = 0; index < line.length; index += 1) {
    const char = line[index];
    const before = line[index - 1];
    if (char === '"' && before !== '\\' && (quoted || opensValue(line, index))) quoted = !quoted;
    if ((char === ';' || char === '#') && !quoted && (before === undefined || /\s/.test(before))) {
      return line.slice(0, index);
    }
  }
  return line;
};

const opensValue = (line: string, index: number): boolean => /^[^=]*=\s*$/.test(line.slice(0, index));
