/**
 * Numbers from 0 on ("entries") by a key of 64 bits each, as two words: an open-addressing table with linear probing on typed
 * arrays. Looking up allocates nothing. It has room for every entry from the start, twice over, so that it never grows and
 * a search ends soon.
 *
 * A key's first place is given by its low bits. That takes keys to be evenly spread, as HMACs are, and whoever cannot make
 * the keys that are held cannot choose keys that are slow to look for either.
 */
const NOWHERE = -1;
/** Of a place where nothing is. A tag is never this. */
const EMPTY = 0;

export class PairIndex {
  readonly #mask: number;
  /**
   * Eight bits of the key at each place, or {@link EMPTY}. They decide nearly every search by themselves, and all of them fit into
   * the processor's cache where the rest does not.
   */
  readonly #tags: Uint8Array;
  readonly #entries: Int32Array;
  /** By entry. */
  readonly #high: Int32Array;
  readonly #low: Int32Array;
  readonly #isHeld: Uint8Array;
  #size = 0;

  /** Entries are from 0 to `entries` - 1. */
  constructor(entries: number) {
    const places = 2 ** Math.ceil(Math.log2(Math.max(4, 2 * entries)));
    this.#mask = places - 1;
    this.#tags = new Uint8Array(places);
    this.#entries = new Int32Array(places);
    this.#high = new Int32Array(entries);
    this.#low = new Int32Array(entries);
    this.#isHeld = new Uint8Array(entries);
  }

  /** The number of entries that have a key. */
  get size(): number {
    return this.#size;
  }

  /** Gives an entry its key, in place of one that it may have had. It comes after others of the same key. */
  set(entry: number, high: number, low: number): void {
    if (this.#isHeld[entry] === 1) this.#remove(entry);
    else this.#size += 1;
    this.#isHeld[entry] = 1;
    this.#high[entry] = high;
    this.#low[entry] = low;
    let place = low & this.#mask;
    while (this.#tags[place] !== EMPTY) place = (place + 1) & this.#mask;
    this.#tags[place] = tagOf(high);
    this.#entries[place] = entry;
  }

  /** The place of the first entry that has this key, or -1. */
  first(high: number, low: number): number {
    return this.#search(low & this.#mask, high, low);
  }

  /** The place of the next one behind `place`, or -1. */
  next(place: number, high: number, low: number): number {
    return this.#search((place + 1) & this.#mask, high, low);
  }

  /** The entry at a place that a search has given. */
  entryAt(place: number): number {
    return this.#entries[place] ?? 0;
  }

  #search(from: number, high: number, low: number): number {
    const tags = this.#tags;
    const tag = tagOf(high);
    for (let place = from; ; place = (place + 1) & this.#mask) {
      const found = tags[place];
      if (found === EMPTY) return NOWHERE;
      if (found !== tag) continue;
      const entry = this.#entries[place] ?? 0;
      if (this.#high[entry] === high && this.#low[entry] === low) return place;
    }
  }

  /** Takes an entry out, and moves those behind it up, so that no search ends at the gap before it has come to them. */
  #remove(entry: number): void {
    const mask = this.#mask;
    let gap = (this.#low[entry] ?? 0) & mask;
    while (this.#entries[gap] !== entry || this.#tags[gap] === EMPTY) gap = (gap + 1) & mask;
    for (let place = (gap + 1) & mask; this.#tags[place] !== EMPTY; place = (place + 1) & mask) {
      const moved = this.#entries[place] ?? 0;
      const home = (this.#low[moved] ?? 0) & mask;
      // Nearer to the gap than to its home: it would come to stand before where its search begins.
      if (((place - home) & mask) < ((place - gap) & mask)) continue;
      this.#tags[gap] = this.#tags[place] ?? EMPTY;
      this.#entries[gap] = moved;
      gap = place;
    }
    this.#tags[gap] = EMPTY;
  }
}

/** 1 to 255. */
const tagOf = (high: number): number => high >>> 24 || 1;
