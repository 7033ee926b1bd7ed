/** Writes down what somebody types on several machines, what comes back, and how long it takes: docs/session.md. */
import { performance } from 'node:perf_hooks';

export interface Step {
  readonly heading: string;
  /** Such as `server#`. */
  readonly prompt: string;
  readonly command: string;
  readonly output: string;
  readonly seconds: number;
}

export class Recorder {
  readonly steps: Step[] = [];

  /** Times `work`, and keeps what it gives as the output of `command`; gives it too. */
  async step(heading: string, prompt: string, command: string, work: () => Promise<string>): Promise<string> {
    const start = performance.now();
    const output = await work();
    const seconds = (performance.now() - start) / 1000;
    this.steps.push({ heading, prompt, command, output: plain(output), seconds });
    return output;
  }

  /** The seconds of all steps so far. */
  get seconds(): number {
    return this.steps.reduce((sum, { seconds }) => sum + seconds, 0);
  }

  /** The steps as one text, each with its time; of a long output the first and the last lines. */
  page(): string {
    return this.steps
      .map(({ heading, prompt, command, output, seconds }) => {
        const lines = [`${prompt} ${command}`, ...shortened(output.split('\n'))];
        return `### ${heading}: ${seconds.toFixed(1)} s\n\n${lines.map((line) => `    ${line}`.trimEnd()).join('\n')}\n`;
      })
      .join('\n');
  }
}

/** The commands of a page that {@link Recorder.page} has written. */
export const commandsOf = (page: string): readonly string[] =>
  page.split('\n').flatMap((line) => /^ {4}((?:server|laptop)[#$] .*)$/.exec(line)?.[1] ?? []);

const HEAD = 14;
const TAIL = 8;

const shortened = (lines: readonly string[]): readonly string[] =>
  lines.length <= HEAD + TAIL + 1 ? lines : [...lines.slice(0, HEAD), '…', ...lines.slice(-TAIL)];

/** As it stands on a screen at the end: what was written over is gone. */
const plain = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.replace(/\r+$/, '').replace(/^[^]*\r/, ''))
    // apt counts up on one line where it does not see a terminal, too.
    .map((line) => line.replace(/^(?:\(Reading database \.\.\. \d+%)+/, ''))
    .join('\n')
    .replace(/\n+$/, '');
