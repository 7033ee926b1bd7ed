/**
 * Who comes how often, for more names than can be held. Where the table is full the rarer half is let go. So a name that came
 * often is held and its count right, unless it was among the rare ones at first: then it is too low, never too high.
 */
export interface Counted {
  count: number;
}

export class TopTable<T extends Counted> {
  readonly #capacity: number;
  readonly #make: () => T;
  readonly #onForget: (entry: T) => void;
  readonly #entries = new Map<string, T>();
  #forgotten = 0;

  /** `capacity`: names held at most. `make`: the entry of a name that is new, its count 0. */
  constructor(capacity: number, make: () => T, onForget: (entry: T) => void = () => undefined) {
    this.#capacity = capacity;
    this.#make = make;
    this.#onForget = onForget;
  }

  /** Names that were let go, some perhaps more than once; 0: every count is right. */
  get forgotten(): number {
    return this.#forgotten;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The entry of `name`, counted once more. */
  count(name: string): T {
    const present = this.#entries.get(name);
    const entry = present ?? this.#make();
    entry.count += 1;
    if (present === undefined) this.#add(name, entry);
    return entry;
  }

  /** The entry of `name`, if it is held. */
  find(name: string): T | undefined {
    return this.#entries.get(name);
  }

  /** The most frequent ones, at most `limit`; equal ones by name. */
  top(limit: number): readonly (readonly [string, T])[] {
    return this.#sorted().slice(0, limit);
  }

  #add(name: string, entry: T): void {
    if (this.#entries.size >= this.#capacity) {
      for (const [rare, gone] of this.#sorted().slice(Math.floor(this.#capacity / 2))) {
        this.#entries.delete(rare);
        this.#forgotten += 1;
        this.#onForget(gone);
      }
    }
    this.#entries.set(name, entry);
  }

  #sorted(): (readonly [string, T])[] {
    return [...this.#entries].sort(([a, { count: x }], [b, { count: y }]) => y - x || (a < b ? -1 : 1));
  }
}
