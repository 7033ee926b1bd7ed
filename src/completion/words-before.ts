/** Of the words before the cursor, as a shell has them: the last value of an option, by its `spellings` with their hyphens. */
export const valueBefore = (words: readonly string[], spellings: readonly string[]): string | undefined => {
  let value: string | undefined;
  for (const [index, word] of words.entries()) {
    const [, spelling = word, bound] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
    if (!spellings.includes(spelling)) continue;
    // Bash parts --name=value at its sign.
    const next = words[index + 1] === '=' ? words[index + 2] : words[index + 1];
    value = bound ?? next ?? value;
  }
  return value;
};
