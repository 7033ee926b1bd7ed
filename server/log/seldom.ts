/** Tells of troubles that may come with every packet: the same one once a minute at most. */
const TELL_AGAIN_MS = 60_000;
const MAX_TOLD = 100;

export class Seldom {
  readonly #write: (text: string) => void;
  readonly #told = new Map<string, number>();

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  tell(trouble: string): void {
    const now = performance.now();
    if (now - (this.#told.get(trouble) ?? Number.NEGATIVE_INFINITY) < TELL_AGAIN_MS) return;
    if (this.#told.size > MAX_TOLD) this.#told.clear();
    this.#told.set(trouble, now);
    this.#write(trouble);
  }
}
