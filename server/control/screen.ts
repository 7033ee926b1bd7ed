/**
 * A terminal that is ours for a while: the alternate screen (xterm's control sequences), without cursor and line breaks of its
 * own, each key as it is struck. However this process ends, short of SIGKILL, the terminal is as it was before.
 */
import { writeSync } from 'node:fs';
import type { ReadStream, WriteStream } from 'node:tty';

const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l';

export interface ScreenParts {
  /** Standard output. */
  readonly output: WriteStream;
  /** Undefined where nobody can strike a key. */
  readonly input: ReadStream | undefined;
  readonly onKey: (key: string) => void;
  /** The size is another, or what stands there may be: everything is to be drawn again. */
  readonly onChange: () => void;
}

/** Where the output does not say. */
const USUAL = { columns: 80, rows: 24 };

export class Screen {
  readonly #parts: ScreenParts;
  readonly #leave = (): void => this.close();
  readonly #hear = (chunk: Buffer): void => {
    for (const key of chunk.toString('latin1')) this.#press(key);
  };
  #isOpen = false;

  constructor(parts: ScreenParts) {
    this.#parts = parts;
  }

  get size(): { readonly columns: number; readonly rows: number } {
    const { columns, rows } = this.#parts.output;
    return { columns: columns > 0 ? columns : USUAL.columns, rows: rows > 0 ? rows : USUAL.rows };
  }

  open(): void {
    this.#enter();
    this.#parts.output.on('resize', this.#parts.onChange);
    process.on('exit', this.#leave).on('uncaughtExceptionMonitor', this.#leave).on('SIGCONT', this.#enter);
  }

  /** Lines without their newlines, from the top. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    const drawn = lines.map((line) => `${line}\u001b[K`).join('\r\n');
    this.#parts.output.write(`\u001b[H${drawn}\u001b[J`);
  }

  close(): void {
    this.#restore();
    this.#parts.input?.off('data', this.#hear).pause();
    this.#parts.output.off('resize', this.#parts.onChange);
    process.off('exit', this.#leave).off('uncaughtExceptionMonitor', this.#leave).off('SIGCONT', this.#enter);
  }

  readonly #enter = (): void => {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#parts.input?.setRawMode(true).on('data', this.#hear).resume();
    this.#parts.output.write(ENTER);
    this.#parts.onChange();
  };

  /** At once: there may be no later. */
  #restore(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      this.#parts.input?.setRawMode(false);
      writeSync(1, LEAVE);
    } catch {
      // The terminal has gone.
    }
  }

  #press(key: string): void {
    if (key === SUSPEND) {
      this.#restore();
      this.#parts.input?.off('data', this.#hear);
      process.kill(0, 'SIGTSTP');
    } else this.#parts.onKey(key);
  }
}

/** Ctrl-Z, which the terminal does not tell by a signal now. */
const SUSPEND = '\u001a';
