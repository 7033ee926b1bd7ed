/**
 * Adding and removing one section of an INI text, everything else byte for byte. Which line begins a section is asked of
 * the one INI reader, so that what is removed here is what was read there.
 */
import { parseIni } from '../src/config/ini-file.ts';

/** The lines (from 1) at which sections of this name begin. */
export const sectionLines = (text: string, name: string): readonly number[] =>
  parseIni(text, '')
    .sections.filter((section) => section.name === name)
    .map((section) => section.line);

/** `text` with `block` (lines that end with `\n`) below, a blank line between them. */
export const appendSection = (text: string, block: string): string => {
  const end = text.includes('\r\n') ? '\r\n' : '\n';
  const added = block.replaceAll('\n', end);
  if (text === '') return added;
  return `${text}${text.endsWith('\n') ? '' : end}${end}${added}`;
};

/**
 * `text` without the section that begins at `line`. With it go the comment lines directly above its header and directly
 * below its last setting (where they do not stand directly above the next header), and one blank line, so that removing
 * undoes {@link appendSection}.
 */
export const removeSection = (text: string, line: number): string => {
  const lines = text.split(/(?<=\n)/);
  const sections = parseIni(text, '').sections;
  if (!sections.some((section) => section.line === line)) {
    throw new RangeError(`no section begins at line ${String(line)}`);
  }
  const next = sections.find((candidate) => candidate.line > line)?.line ?? lines.length + 1;
  let first = commentsAbove(lines, line - 1);
  const limit = next > lines.length ? lines.length : commentsAbove(lines, next - 1);
  let after = limit;
  while (after > line && (isComment(lines[after - 1]) || isBlank(lines[after - 1]))) after -= 1;
  while (after < limit && isComment(lines[after])) after += 1;
  if (first > 0 && isBlank(lines[first - 1])) first -= 1;
  else if (first === 0 && after < lines.length && isBlank(lines[after])) after += 1;
  return [...lines.slice(0, first), ...lines.slice(after)].join('');
};

/** The index of the first of the comment lines that end directly above the line at `index`; `index` where there is none. */
const commentsAbove = (lines: readonly string[], index: number): number => {
  let first = index;
  while (first > 0 && isComment(lines[first - 1])) first -= 1;
  return first;
};

const isComment = (line: string | undefined): boolean => line !== undefined && /^\s*[;#]/.test(line);

const isBlank = (line: string | undefined): boolean => line !== undefined && line.trim() === '';
