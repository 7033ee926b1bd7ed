/** Numbers from 0 to 2^32 - 1, the same for the same seed (mulberry32, public domain). */
export type Chance = () => number;

export const chanceFrom = (seed: number): Chance => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
};

/** One of the list, which is not empty. */
export const oneOf = <T>(list: readonly T[], chance: Chance): T => {
  const one = list[chance() % list.length];
  if (one === undefined) throw new Error('one of nothing');
  return one;
};
