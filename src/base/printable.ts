/**
 * Text from the network, a file name or another program made safe for a terminal and a log line: control characters,
 * bidirectional overrides and line separators become `\u{…}`, a backslash is doubled, and
 * what is longer than `limit` characters is cut.
 */
export const printable = (text: string, limit = 200): string => {
  // Most texts; and the classes below take V8 half a millisecond to compile.
  if (text.length <= limit && /^[ -[\]-~]*$/.test(text)) return text;
  const characters = Array.from(text);
  const safe = characters.slice(0, limit).map(escapeCharacter).join('');
  return characters.length > limit ? `${safe}…` : safe;
};

const escapeCharacter = (char: string): string => (char === '\\' ? '\\\\' : escapeUnseen(char));

const escapeUnseen = (char: string): string => (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(char) ? codeOf(char) : char);

const codeOf = (char: string): string => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;

/**
 * As {@link printable}, without a limit, of text that is to have been made printable where it was written, such as a member of
 * an audit line: a backslash in it is one already.
 */
export const stillPrintable = (text: string): string => Array.from(text).map(escapeUnseen).join('');

/**
 * Text of which each character takes one cell of every terminal: what is not printable ASCII becomes `\u{…}`, as letters of
 * two cells, of none and of a width that terminals do not agree on would break a page of columns. As above, backslashes stay.
 */
export const inCells = (text: string): string => text.replace(/[^ -~]/gu, codeOf);

/** `1 client`, `2 clients`: a count and what is counted, for nouns whose plural is an s. */
export const countOf = (count: number, noun: string): string => `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
