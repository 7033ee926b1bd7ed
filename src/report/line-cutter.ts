/** Lines out of pieces of text. A line that is too long is never held: it comes as undefined once its end is there. */

/** Characters of a line at most; an audit line has some hundreds. */
export const MAX_LINE = 65_536;

export class LineCutter {
  #held = '';
  #tooLong = false;

  /** The lines that `piece` completes, without their newlines. */
  push(piece: string): (string | undefined)[] {
    const parts = piece.split('\n');
    const last = parts.pop() ?? '';
    const lines = parts.map((part) => this.#finish(part));
    this.#hold(last);
    return lines;
  }

  /** What is left where the text ends without a newline. */
  end(): (string | undefined)[] {
    return this.#held === '' && !this.#tooLong ? [] : [this.#finish('')];
  }

  #finish(rest: string): string | undefined {
    this.#hold(rest);
    const line = this.#tooLong ? undefined : this.#held;
    this.#held = '';
    this.#tooLong = false;
    return line;
  }

  #hold(part: string): void {
    if (this.#tooLong) return;
    this.#tooLong = this.#held.length + part.length > MAX_LINE;
    this.#held = this.#tooLong ? '' : this.#held + part;
  }
}
