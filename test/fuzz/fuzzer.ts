/** One decoder, fed with inputs that are made from those which did something new. */
import { type Chance, chanceFrom, oneOf } from './chance.ts';
import { Corpus } from './corpus.ts';
import { minimise } from './minimise.ts';
import { mutate } from './mutate.ts';
import { comparisonsOf, hits, probedModules } from './probes.ts';
import type { Target } from './targets.ts';
import { madeSame, tokensOf, tokensOfPairs, withInherited } from './tokens.ts';

/** An input at which a decoder broke its promise. */
export interface Finding {
  readonly input: Uint8Array;
  readonly complaint: string;
  /** Runs until it was seen first. */
  readonly after: number;
}

export interface FuzzerOptions {
  readonly seed: number;
  /** Without it the inputs are changed seeds, whatever they do: to compare with. */
  readonly guided: boolean;
  /** Called before each run, so that somebody knows the input if it never ends. */
  readonly announce: (input: Uint8Array) => void;
  readonly onInput: (input: Uint8Array) => void;
  readonly onFinding: (finding: Finding) => void;
}

/** A run of few kilobytes takes milliseconds; twice in a row this long is no accident of a busy machine. */
const SLOW_MS = 1000;
const LONGEST = 4096;
/** Different complaints of a target, after which it is stopped. */
const MOST_FINDINGS = 20;
/** Inputs made of one entry each time it is chosen, the first time and later. */
const ENERGY = { first: 64, later: 24 };
/** Inputs that are made of the comparisons of one new entry, and tokens learned from them. */
const MOST_SAME = 384;
const MOST_TOKENS = 4096;
const SMALLER_RUNS = 3000;
/** Seeds whose words are replaced one by one. */
const MOST_TEXTS = 4;

export class Fuzzer {
  executions = 0;
  private readonly hits = hits();
  readonly corpus = new Corpus(this.hits.length);
  private readonly target: Target;
  private readonly options: FuzzerOptions;
  private readonly chance: Chance;
  private readonly complaints = new Set<string>();
  private readonly tokens: Uint8Array[] = [];
  private readonly knownTokens = new Set<string>();
  private readonly longest: number;
  /** Of which the comparisons have not been looked at. */
  private readonly fresh: Uint8Array[] = [];

  constructor(target: Target, options: FuzzerOptions) {
    this.target = target;
    this.options = options;
    this.chance = chanceFrom(options.seed);
    this.longest = Math.max(LONGEST, 2 * Math.max(0, ...target.seeds.map(({ length }) => length)));
  }

  get findings(): number {
    return this.complaints.size;
  }

  /** Runs the seeds, then what earlier runs kept, shortest first; says which of the latter do nothing new. */
  begin(stored: readonly Uint8Array[]): readonly Uint8Array[] {
    const ran = new Uint8Array(this.hits.length);
    for (const seed of [...this.target.seeds, new Uint8Array(0)]) {
      this.run(seed);
      this.hits.forEach((count, branch) => (ran[branch] = (ran[branch] ?? 0) | count));
      if (!this.corpus.offer(seed, this.hits)) this.corpus.keep(seed, this.hits);
      if (this.options.guided) this.fresh.push(seed);
    }
    this.learnTokens(tokensOf(probedModules(), ran));
    // Once is enough of seeds that are alike.
    for (const seed of this.target.seeds.slice(0, MOST_TEXTS)) for (const text of withInherited(seed)) this.take(text);
    return stored.toSorted((a, b) => a.length - b.length).filter((input) => !this.take(input));
  }

  /** Chooses an input and runs a number of changes of it, until `isOver`. */
  step(isOver: () => boolean): void {
    const entry = this.corpus.pick(this.chance);
    const material = {
      tokens: this.tokens,
      other: () => oneOf(this.corpus.entries, this.chance).input,
      longest: this.longest,
    };
    const energy = entry.picks === 1 ? ENERGY.first : ENERGY.later;
    for (let runs = energy; runs > 0 && !isOver(); runs -= 1) this.take(mutate(entry.input, material, this.chance));
    for (let next = this.fresh.pop(); next !== undefined && !isOver(); next = this.fresh.pop())
      this.compare(next, isOver);
  }

  isOver(): boolean {
    return this.complaints.size >= MOST_FINDINGS;
  }

  /** Runs the input; whether it was new, and is kept. */
  private take(input: Uint8Array): boolean {
    const failed = this.run(input);
    if (failed || !this.options.guided || !this.corpus.offer(input, this.hits)) return false;
    this.fresh.push(input);
    this.options.onInput(input);
    return true;
  }

  private compare(input: Uint8Array, isOver: () => boolean): void {
    const pairs = comparisonsOf(() => this.complaintOf(input));
    this.learnTokens(tokensOfPairs(pairs));
    const made = madeSame(input, pairs);
    const skip = Math.max(1, made.length / MOST_SAME);
    for (let index = 0; index < made.length && !isOver(); index += skip) this.take(made[Math.floor(index)] ?? input);
  }

  private learnTokens(tokens: readonly Uint8Array[]): void {
    for (const token of tokens) {
      const name = Buffer.from(token).toString('latin1');
      if (this.tokens.length >= MOST_TOKENS || this.knownTokens.has(name)) continue;
      this.knownTokens.add(name);
      this.tokens.push(token);
    }
  }

  /** Whether it failed; the counters are those of this run. */
  private run(input: Uint8Array): boolean {
    const complaint = this.complaintOf(input);
    if (complaint === undefined) return false;
    const kind = kindOf(complaint);
    if (this.complaints.has(kind)) return true;
    this.complaints.add(kind);
    const after = this.executions;
    const fails = (smaller: Uint8Array): boolean => kindOf(this.complaintOf(smaller) ?? '') === kind;
    const smallest = minimise(input, fails, SMALLER_RUNS);
    this.options.onFinding({ input: smallest, complaint: this.complaintOf(smallest) ?? complaint, after });
    return true;
  }

  private complaintOf(input: Uint8Array): string | undefined {
    const first = this.timed(input);
    if (first.complaint !== undefined || first.took <= SLOW_MS) return first.complaint;
    const { took } = this.timed(input);
    return took > SLOW_MS ? `took ${took.toFixed(0)} ms` : undefined;
  }

  private timed(input: Uint8Array): { complaint: string | undefined; took: number } {
    this.options.announce(input);
    this.executions += 1;
    this.hits.fill(0);
    const start = performance.now();
    try {
      // A decoder that writes into its input must not spoil the corpus.
      return { complaint: this.target.run(input.slice()), took: performance.now() - start };
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { complaint: `threw ${text}`, took: 0 };
    }
  }
}

/** Complaints that are told apart: without numbers and quoted values, but with the place that threw. */
const kindOf = (complaint: string): string => {
  const [sentence = '', place = ''] = complaint.split('\n');
  return `${sentence.replace(/"[^"]*"|\d+/g, '#').slice(0, 60)}${place.trim()}`;
};
