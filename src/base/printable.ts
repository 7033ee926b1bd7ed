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

const escapeCharacter = (char: string): string => {
  if (char === '\\') return '\\\\';
  return /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(char) ? `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}` : char;
};

/** `1 client`, `2 clients`: a count and what is counted, for nouns whose plural is an s. */
export const countOf = (count: number, noun: string): string => `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
