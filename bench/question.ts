/** A question that the bench can ask, and what an answer is. Each question is one module; `questions.ts` lists them. */
import type { Drawing } from './plot/plot.ts';
import type { Quiet } from './quiet.ts';
import type { Scratch } from './scratch.ts';
import type { Table } from './table.ts';

/** `short`: a few of each, for a look; `full`: for the page. */
export type Mode = 'short' | 'full';

export interface Setting {
  readonly quiet: Quiet;
  readonly scratch: Scratch;
  readonly progress: (text: string) => void;
  readonly mode: Mode;
  /** Rounds of each contender, in turns. */
  readonly rounds: number;
  /** Measured packets for each daemon, where latency is asked. */
  readonly packets: number;
  /** Measured starts of each program. */
  readonly starts: number;
}

export interface Answer {
  readonly tables: readonly Table[];
  /** Each becomes an SVG file beside the page. */
  readonly plots: readonly Drawing[];
  /** Every figure, for `--json`. */
  readonly figures: unknown;
}

export interface Question {
  /** One word, as on the command line and in the markers of docs/performance.md. */
  readonly name: string;
  /** For `--help`: what is measured, a sentence or two. */
  readonly summary: string;
  /** @throws Error with a sentence for the user where it cannot be asked here, a missing program for instance. */
  readonly ask: (setting: Setting) => Promise<Answer>;
}
