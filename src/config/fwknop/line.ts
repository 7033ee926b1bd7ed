/**
 * The lines of access.conf and fwknopd.conf as fwknop 2.6.10 reads them: `VARIABLE value`, the value to the next `;` or the
 * end of the line, spaces and `#` inside it; comments are lines that begin with `#` or `;`. Unlike fwknop, comments may be
 * indented and lines may be of white space alone.
 */
import { printable } from '../../base/printable.ts';
import type { Issue } from '../issue.ts';

export interface FwknopLine {
  /** As written, without the colon behind it. */
  readonly variable: string;
  /** Not trimmed at its end: a key may end with white space. */
  readonly value: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** Adds a problem of `line`. */
export const tell = (
  issues: Issue[],
  { file, line }: { readonly file: string; readonly line: number },
  severity: Issue['severity'],
  problem: string,
  hint: string,
): void => {
  issues.push({ severity, file, line, problem, hint });
};

/** The settings of `text`, whose name is `file`; a line that is none is an error. */
export const readLines = (text: string, file: string, issues: Issue[]): readonly FwknopLine[] =>
  text.split('\n').flatMap((raw, index): FwknopLine[] => {
    const place = { file, line: index + 1 };
    if (/^\s*(?:[#;]|$)/.test(raw)) return [];
    const [, word = '', value] = /^\s*(\S+)\s+([^;\r]+)/.exec(raw) ?? [];
    const variable = word.replace(/:$/, '');
    if (value === undefined || value.trim() === '') {
      // The first word alone, and not all of it: what stands behind may be a key.
      const found = printable(/[^\s:;=]+/.exec(raw)?.[0] ?? '', 40);
      tell(issues, place, 'error', `"${found}" has no value`, 'write "VARIABLE value", or put # in front of the line');
      return [];
    }
    if (/^[=:](?:\s|$)/.test(value)) {
      const sign = value.slice(0, 1);
      tell(issues, place, 'error', `${printable(variable, 40)} ${sign}`, `write the value without "${sign}" before it`);
      return [];
    }
    return [{ variable, value, ...place }];
  });
