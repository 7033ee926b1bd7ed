/**
 * Text from the network, a file name or another program made safe for a terminal and a log line: control characters,
 * bidirectional overrides and line separators become `\u{…}`, and what is longer than `limit` characters is cut.
 */
export const printable = (text: string, limit = 200): string => {
  const safe = text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  );
  return safe.length > limit ? `${safe.slice(0, limit)}…` : safe;
};
