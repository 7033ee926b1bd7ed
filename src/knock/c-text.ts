/** How C's library reads text, where knockd leans on it: the C locale, `atoi`, buffers that cut. */

/** Without the white space of `isspace` at both ends; a no-break space is none. */
export const cTrim = (text: string): string => text.replace(/^[ \t\n\v\f\r]+/, '').replace(/[ \t\n\v\f\r]+$/, '');

/** ASCII letters alone. */
export const cUpper = (text: string): string => text.replace(/[a-z]/g, (letter) => letter.toUpperCase());

const MAX_LONG = 2n ** 63n - 1n;

/** `atoi` of glibc on 64 bits: leading digits, 0 where there are none, `strtol` clamped and cut to 32 bits. */
export const atoi = (text: string): number => {
  const digits = /^[ \t\n\v\f\r]*([+-]?)([0-9]+)/.exec(text);
  if (digits === null) return 0;
  const magnitude = BigInt(digits[2] ?? '0');
  const negative = digits[1] === '-';
  const most = negative ? MAX_LONG + 1n : MAX_LONG;
  const clamped = magnitude > most ? most : magnitude;
  return Number(BigInt.asIntN(32, negative ? -clamped : clamped));
};
