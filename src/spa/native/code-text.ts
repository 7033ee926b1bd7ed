/**
 * Emergency codes as people handle them: the datagram in base64, 235 letters and a `=`, which any machine can turn back into
 * bytes. For those who type it from paper, it is set in lines, and each line has two check letters.
 */
import { err, ok, type Result } from '../../base/result.ts';
import { printable } from '../../base/printable.ts';
import { decodeBase64, encodeBase64, encodeUtf8 } from '../../bytes/encoding.ts';
import { sha256 } from '../../crypto/digest.ts';

/** With the `=` at the end. */
const LETTERS = 236;
const LETTERS_A_LINE = 48;
/** Crockford's: none that is taken for another. */
const CHECK_LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

export const formatCode = (datagram: Uint8Array): string => encodeBase64(datagram);

/** The letters of {@link formatCode} in lines of 48, the last one shorter. */
export const codeLines = (code: string): readonly string[] =>
  code.match(new RegExp(`.{1,${String(LETTERS_A_LINE)}}`, 'g')) ?? [];

/** Two letters for each of the {@link codeLines}, by which a mistyped line is found: the first 10 bits of its SHA-256. */
export const codeChecks = (code: string): readonly string[] =>
  codeLines(code).map((line) => {
    const [high = 0, low = 0] = sha256(encodeUtf8(line));
    return CHECK_LETTERS.charAt(high >> 3) + CHECK_LETTERS.charAt(((high & 7) << 2) | (low >> 6));
  });

/** Without white space, and what editors and messengers put in its place. */
const lettersOf = (text: string): string => text.replace(/[\s\u200b\u2060\ufeff]/g, '');

/** Whether all letters of a code are there, for who reads them one by one. */
export const isWholeCode = (text: string): boolean => {
  const letters = lettersOf(text);
  return letters.length >= LETTERS || letters.endsWith('=');
};

/** The datagram that `text` holds, white space anywhere and the `=` missing or not; or what is wrong with it. */
export const parseCode = (text: string): Result<Uint8Array, string> => {
  const typed = lettersOf(text);
  if (typed === '') return err('it is empty');
  const letters = typed.replace(/=$/, '');
  const stray = letters.search(/[^A-Za-z0-9+/]/);
  if (stray >= 0) {
    const sign = printable(String.fromCodePoint(letters.codePointAt(stray) ?? 0));
    return err(`"${sign}" at place ${String(stray + 1)} is no letter of a code: these are A-Z, a-z, 0-9, + and /`);
  }
  if (letters.length !== LETTERS - 1) {
    const count = letters.length < LETTERS - 1 ? 'is a part of it missing' : 'is something in it twice';
    return err(`it has ${String(letters.length)} letters where a code has ${String(LETTERS - 1)} and a "=": ${count}?`);
  }
  const datagram = decodeBase64(`${letters}=`);
  return datagram === undefined ? err('its last letter is not that of a code') : ok(datagram);
};
