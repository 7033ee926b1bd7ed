/**
 * Lines for somebody who may be slow, within a fixed room: where it is full, the oldest go and are counted. What that costs is
 * those lines alone, and whoever reads is told how many they were.
 */
export class LineQueue {
  readonly #room: number;
  #lines: string[] = [];
  #length = 0;
  #lost = 0;

  /** `room`: characters at most, in all lines together. */
  constructor(room: number) {
    this.#room = room;
  }

  push(line: string): void {
    this.#lines.push(line);
    this.#length += line.length;
    while (this.#length > this.#room) {
      this.#length -= this.#lines.shift()?.length ?? 0;
      this.#lost += 1;
    }
  }

  /** The latest lines, `count` at most, the oldest of them first. They stay. */
  last(count: number): readonly string[] {
    return count > 0 ? this.#lines.slice(-count) : [];
  }

  /** Takes all that waits, and how many lines have gone before it since this was asked last. */
  take(): { readonly lost: number; readonly lines: readonly string[] } {
    const taken = { lost: this.#lost, lines: this.#lines };
    this.#lines = [];
    this.#length = 0;
    this.#lost = 0;
    return taken;
  }
}
