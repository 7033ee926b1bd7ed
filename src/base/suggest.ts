/** The candidate nearest to a misspelt word, for "did you mean": at most a third of its letters away, else undefined. */
export const nearest = (word: string, candidates: readonly string[]): string | undefined => {
  let best: string | undefined;
  let bestDistance = Math.floor(Math.max(word.length, 3) / 3) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
};

/** Damerau's distance, restricted: insertions, deletions, substitutions and swaps of neighbours, each costing one. */
const editDistance = (a: string, b: string): number => {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1];
      const isSwap = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const at = (up: number, left: number): number => rows[row - up]?.[column - left] ?? Number.POSITIVE_INFINITY;
      const swap = isSwap ? at(2, 2) + 1 : Number.POSITIVE_INFINITY;
      current.push(Math.min(at(1, 0) + 1, (current[column - 1] ?? 0) + 1, at(1, 1) + (isSame ? 0 : 1), swap));
    }
    rows.push(current);
  }
  return rows[a.length]?.[b.length] ?? 0;
};
