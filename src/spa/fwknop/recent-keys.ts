/** How many sources are remembered in all, or more where each key has its {@link LEAST_A_KEY}. */
const SOURCES = 8192;
const LEAST_A_KEY = 4;

/**
 * Which key a source's last genuine packet was made with. Each key has room for a number of sources and forgets the one
 * that it has not heard from for longest: whoever replays a packet of one client under many addresses makes nobody else
 * forgotten. To be forgotten costs a source that its next packet counts as a stranger's.
 */
export class RecentKeys {
  readonly #room: number;
  readonly #keyOf = new Map<string, number>();
  /** In the order in which they were last heard from. */
  readonly #sourcesOf = new Map<number, Set<string>>();

  /** `keys`: how many there are. */
  constructor(keys: number) {
    this.#room = Math.max(LEAST_A_KEY, Math.floor(SOURCES / Math.max(1, keys)));
  }

  get size(): number {
    return this.#keyOf.size;
  }

  /** The number of the key of `source`, a text of the caller's. */
  find(source: string): number | undefined {
    return this.#keyOf.get(source);
  }

  remember(source: string, key: number): void {
    const before = this.#keyOf.get(source);
    if (before !== undefined) this.#sourcesOf.get(before)?.delete(source);
    const sources = this.#sourcesOf.get(key) ?? new Set();
    this.#sourcesOf.set(key, sources);
    if (sources.size >= this.#room) {
      const [oldest = source] = sources;
      sources.delete(oldest);
      this.#keyOf.delete(oldest);
    }
    sources.add(source);
    this.#keyOf.set(source, key);
  }
}
