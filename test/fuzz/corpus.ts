/** The inputs that are worth changing further: each once did what none had done before. */
import { type Chance, oneOf } from './chance.ts';

interface Entry {
  readonly input: Uint8Array;
  /** How often it was chosen to be changed. */
  picks: number;
  /** Branches of which it is the shortest input. */
  best: number;
}

/** Room, in inputs; a decoder that says something new about each input has one that never ends. */
const MOST_ENTRIES = 4096;

/** How often a branch ran, as AFL tells apart: 1, 2, 3, 4 to 7, 8 to 15, 16 to 31, 32 to 127, more; a bit each. */
const BUCKETS = Uint8Array.from({ length: 256 }, (_, count) => {
  if (count === 0) return 0;
  if (count < 4) return 1 << (count - 1);
  if (count < 32) return 1 << (Math.floor(Math.log2(count)) + 1);
  return count < 128 ? 64 : 128;
});

export class Corpus {
  readonly entries: Entry[] = [];
  /** By branch: the buckets that were seen. */
  private readonly seen: Uint8Array;
  private readonly shortest = new Map<number, Entry>();
  /** Branches that ever ran. */
  edges = 0;

  constructor(branches: number) {
    this.seen = new Uint8Array(branches);
  }

  /** Takes the input if its run, by its counters, did something new. */
  offer(input: Uint8Array, hits: Uint8Array): boolean {
    if (!this.learn(hits)) return false;
    if (this.entries.length >= MOST_ENTRIES) return false;
    this.keep(input, hits);
    return true;
  }

  /** Takes the input as it is. */
  keep(input: Uint8Array, hits: Uint8Array): void {
    const entry = { input, picks: 0, best: 0 };
    this.entries.push(entry);
    for (let branch = 0; branch < hits.length; branch += 1) {
      if (hits[branch] === 0) continue;
      const holder = this.shortest.get(branch);
      if (holder !== undefined && holder.input.length <= input.length) continue;
      if (holder !== undefined) holder.best -= 1;
      entry.best += 1;
      this.shortest.set(branch, entry);
    }
  }

  /** The best of a few by chance: not often chosen yet, and the shortest way to some branch. */
  pick(chance: Chance): Entry {
    let choice = oneOf(this.entries, chance);
    for (let draws = 3; draws > 0; draws -= 1) {
      const other = oneOf(this.entries, chance);
      if (worth(other) > worth(choice)) choice = other;
    }
    choice.picks += 1;
    return choice;
  }

  /** Called after each run: most branches did not run, so four are looked at together. */
  private learn(hits: Uint8Array): boolean {
    const words = new Uint32Array(hits.buffer, hits.byteOffset, hits.length / 4);
    let isNew = false;
    for (let word = 0; word < words.length; word += 1) {
      if (words[word] === 0) continue;
      for (let branch = 4 * word; branch < 4 * word + 4; branch += 1) isNew = this.learnBranch(branch, hits) || isNew;
    }
    return isNew;
  }

  private learnBranch(branch: number, hits: Uint8Array): boolean {
    const bucket = BUCKETS[hits[branch] ?? 0] ?? 0;
    const before = this.seen[branch] ?? 0;
    if ((bucket & ~before) === 0) return false;
    if (before === 0) this.edges += 1;
    this.seen[branch] = before | bucket;
    return true;
  }
}

const worth = (entry: Entry): number => (entry.best > 0 ? 4 + Math.min(entry.best, 8) : 1) / (1 + entry.picks);
