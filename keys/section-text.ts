/**
 * Adding and removing one section of an INI text, or setting one key of it, everything else byte for byte. Which line begins a section is asked of
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

/**
 * `text` with `key = value` in the section that begins at `line`: in the place of its line, with the comment behind it, or
 * below the section's last setting. `value` needs no quotes.
 */
export const setKey = (text: string, line: number, key: string, value: string): string => {
  const section = parseIni(text, '').sections.find((candidate) => candidate.line === line);
  if (section === undefined) throw new RangeError(`no section begins at line ${String(line)}`);
  const lines = text.split(/(?<=\n)/);
  const entry = section.entries.find((candidate) => candidate.key === key);
  const at = (entry ?? section.entries.at(-1) ?? section).line - 1;
  const raw = lines[at] ?? '';
  const [, before = '', comment = '', end = ''] =
    /^([^=]*=[ \t]*)(?:"(?:[^"\\]|\\.)*"|.*?)([ \t]+[;#].*?)?(\r?\n)?$/.exec(raw) ?? [];
  if (entry !== undefined) lines[at] = `${before}${value}${comment}${end}`;
  else {
    const lineEnd = text.includes('\r\n') ? '\r\n' : '\n';
    lines[at] = `${raw}${raw.endsWith('\n') ? '' : lineEnd}${key} = ${value}${lineEnd}`;
  }
  return lines.join('');
};

/** `text` without the lines that set `key` in the section that begins at `line`. */
export const removeKey = (text: string, line: number, key: string): string => {
  const section = parseIni(text, '').sections.find((candidate) => candidate.line === line);
  const gone = new Set(section?.entries.flatMap((entry) => (entry.key === key ? [entry.line - 1] : [])));
  return text
    .split(/(?<=\n)/)
    .filter((_, index) => !gone.has(index))
    .join('');
};

/** The index of the first of the comment lines that end directly above the line at `index`; `index` where there is none. */
const commentsAbove = (lines: readonly string[], index: number): number => {
  let first = index;
  while (first > 0 && isComment(lines[first - 1])) first -= 1;
  return first;
};

const isComment = (line: string | undefined): boolean => line !== undefined && /^\s*[;#]/.test(line);

const isBlank = (line: string | undefined): boolean => line !== undefined && line.trim() === '';
