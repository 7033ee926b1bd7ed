/** Numbers over time as one row of blocks. */

export const BLOCKS = '▁▂▃▄▅▆▇█';
/** For terminals that have no blocks. */
export const ASCII_BLOCKS = '_.:-=+*#';

/**
 * `values`, the oldest first and none below 0, in `width` characters of `blocks`: several fall on one, of which the highest
 * counts. The lowest block is nothing at all, the highest the highest of `values`; whatever is more than nothing stands out.
 */
export const sparkline = (values: readonly number[], width: number, blocks: string): string => {
  const columns = Math.min(width, values.length);
  const marks = Array.from(blocks);
  const top = Math.max(0, ...values);
  return Array.from({ length: columns }, (_, column) => {
    const slice = values.slice(
      Math.floor((column * values.length) / columns),
      Math.floor(((column + 1) * values.length) / columns),
    );
    const value = Math.max(0, ...slice);
    return marks[value > 0 ? Math.max(1, Math.round((value / top) * (marks.length - 1))) : 0] ?? ' ';
  }).join('');
};
