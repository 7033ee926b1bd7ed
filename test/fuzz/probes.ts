/**
 * What instrumented modules call (tools/instrument.ts): counters of branches, and the values that comparisons were made
 * of. There is one of it for each thread.
 */

/** Room for the branches of all modules together. */
const MOST_BRANCHES = 1 << 16;
/** Comparisons that are kept of one run. */
const MOST_PAIRS = 512;
/** Longer texts are rather what is written than what is read. */
const LONGEST_TEXT = 64;

/** What a module compares with and looks for, as its text names it. */
export interface ProbedModule {
  readonly from: number;
  readonly to: number;
  readonly words: readonly string[];
  readonly numbers: readonly number[];
}

export type Compared = string | number;

const counters = new Uint8Array(MOST_BRANCHES);
const modules: ProbedModule[] = [];
let used = 0;

/** Undefined while nobody asks. */
let pairs: Map<string, readonly [Compared, Compared]> | undefined;

const isTelling = (value: unknown): value is Compared =>
  (typeof value === 'string' && value.length <= LONGEST_TEXT) ||
  (typeof value === 'number' && Number.isSafeInteger(value));

const note = (a: unknown, b: unknown): void => {
  if (pairs === undefined || pairs.size >= MOST_PAIRS || typeof a !== typeof b) return;
  if (isTelling(a) && isTelling(b)) pairs.set(`${String(a)}\n${String(b)}`, [a, b]);
};

/** The counters of a module that begins. */
export const probeModule = (count: number, words: readonly string[], numbers: readonly number[]): Uint8Array => {
  const from = used;
  used += count;
  if (used > MOST_BRANCHES) throw new Error('more branches than there are counters');
  modules.push({ from, to: used, words, numbers });
  return counters.subarray(from, used);
};

export const probeSame = (a: unknown, b: unknown): boolean => {
  if (a === b) return true;
  if (pairs !== undefined) note(a, b);
  return false;
};

export const probeLess = (a: number, b: number): boolean => {
  if (pairs !== undefined) note(a, b);
  return a < b;
};

export const probeLessOrSame = (a: number, b: number): boolean => {
  if (pairs !== undefined) note(a, b);
  return a <= b;
};

export const probeMore = (a: number, b: number): boolean => {
  if (pairs !== undefined) note(a, b);
  return a > b;
};

export const probeMoreOrSame = (a: number, b: number): boolean => {
  if (pairs !== undefined) note(a, b);
  return a >= b;
};

/** The counters in use, which wrap at 256, and up to three that stay zero, so that they fill whole words; live. */
export const hits = (): Uint8Array => counters.subarray(0, (used + 3) & ~3);

export const probedModules = (): readonly ProbedModule[] => modules;

/** The different pairs of values that were compared while `run` ran, and were not the same. */
export const comparisonsOf = (run: () => void): readonly (readonly [Compared, Compared])[] => {
  const seen = new Map<string, readonly [Compared, Compared]>();
  pairs = seen;
  try {
    run();
  } finally {
    pairs = undefined;
  }
  return [...seen.values()];
};
