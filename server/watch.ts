/** `spad watch`: a live view of the running daemon. */
import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidArgumentError } from 'commander';
import { paint } from '../src/base/styled.ts';
import { parseDuration, type Seconds, seconds, unixMs } from '../src/base/units.ts';
import { decodeFollowed } from '../src/control/audit-record.ts';
import { RefusalBook } from '../src/control/refusal-book.ts';
import { ASCII_BLOCKS, BLOCKS } from '../src/control/sparkline.ts';
import { readWatchAnswer, type WatchAnswer } from '../src/control/watch-answer.ts';
import { type ScreenSize, watchPage } from '../src/control/watch-page.ts';
import { answerOf, type Asking, notRunning, OTHER_VERSION, type WhereOptions } from './asking.ts';
import { askDaemon } from './control/client.ts';
import { EVERYTHING, followDaemon } from './control/follow.ts';
import { Screen } from './control/screen.ts';
import { hasUnicode, showsColour, untilTold } from './control/terminal.ts';

interface WatchOptions extends WhereOptions {
  readonly interval: Seconds;
  readonly once?: true;
  readonly json?: true;
}

/** How often the times on the screen are set right, whatever is asked. */
const DRAW_MS = 1000;

class Watcher {
  readonly #folder: string;
  readonly #refusals = new RefusalBook();
  #answer: WatchAnswer | undefined;
  #asked = 0;
  #trouble = 'asking spad';

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** What the daemon is like now. Throws a sentence where it does not say. */
  async ask(): Promise<void> {
    try {
      this.#answer = readAnswer(answerOf(await askDaemon(this.#folder, { command: 'watch' }), this.#folder));
      this.#asked = performance.now();
    } catch (error) {
      this.#answer = undefined;
      this.#trouble = error instanceof Error ? error.message : String(error);
      throw error;
    }
  }

  /** Keeps hearing of refusals, also of the next daemon, until it is told to end. */
  async hear(signal: AbortSignal, onOpen: () => void): Promise<void> {
    while (!signal.aborted) {
      const end = await followDaemon(this.#folder, {
        last: EVERYTHING,
        signal,
        onOpen,
        onLine: (line) => this.#note(line),
      });
      if (end.kind === 'refused') throw new Error(end.sentence);
      await pause(DRAW_MS, signal);
    }
  }

  #note(line: string): void {
    const followed = decodeFollowed(line);
    if (followed?.kind === 'record') this.#refusals.add(followed.record);
  }

  page(size: ScreenSize, footer: string, colour: boolean): readonly string[] {
    const view = {
      ...{ answer: this.#answer, trouble: this.#trouble, age: performance.now() - this.#asked, footer },
      ...{ refusals: this.#refusals.list(), now: unixMs(Date.now()) },
      blocks: hasUnicode(process.env) ? BLOCKS : ASCII_BLOCKS,
    };
    return watchPage(view, size).map((line) => paint(line, colour));
  }
}

/** Shorter where it is told to end. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal }).catch(() => undefined);

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

/** One frame. Throws a sentence where no daemon is running. */
const once = async (folder: string): Promise<void> => {
  const watcher = new Watcher(folder);
  await watcher.ask();
  const controller = new AbortController();
  // A daemon that ends just now is not waited for.
  setTimeout(() => controller.abort(), WAIT_MS).unref();
  // What the daemon has kept comes in one go, behind its answer.
  await watcher.hear(controller.signal, () => setTimeout(() => controller.abort(), HEAR_MS));
  const { columns, rows } = process.stdout;
  const [width, height] = [Number(process.env['COLUMNS']) || columns || 80, Number(process.env['LINES']) || rows || 24];
  for (const line of watcher.page({ columns: width, rows: height }, '', showsColour(process.env, process.stdout.isTTY)))
    say(line.trimEnd());
};

const HEAR_MS = 100;
const WAIT_MS = 5000;

/** A line each interval: what the daemon is like, or that it is not running. */
const lines = async (folder: string, interval: number, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    say(JSON.stringify(await stateOf(folder)));
    await pause(interval, signal);
  }
};

type Shown = { readonly time: string } & ({ readonly running: false } | ({ readonly running: true } & WatchAnswer));

const stateOf = async (folder: string): Promise<Shown> => {
  const time = new Date().toISOString();
  const answer = await askDaemon(folder, { command: 'watch' });
  if (answer === undefined) return { time, running: false };
  return { time, running: true, ...readAnswer(answerOf(answer, folder)) };
};

const readAnswer = (value: unknown): WatchAnswer => {
  const answer = readWatchAnswer(value);
  if (answer === undefined) throw new Error(OTHER_VERSION);
  return answer;
};

const live = async (folder: string, interval: number, signal: AbortSignal): Promise<void> => {
  const watcher = new Watcher(folder);
  await watcher.ask();
  const controller = new AbortController();
  const end = (): void => controller.abort();
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  const colour = showsColour(process.env, true);
  const draw = (): void => screen.draw(watcher.page(screen.size, FOOTER, colour));
  const screen: Screen = new Screen({
    output: process.stdout,
    input: process.stdin.isTTY ? process.stdin : undefined,
    onKey: (key) => {
      if (QUIT.includes(key)) end();
    },
    onChange: () => draw(),
  });
  screen.open();
  try {
    const { signal: ending } = controller;
    await Promise.race([watcher.hear(ending, draw), askAgain(watcher, interval, ending, draw), redraw(ending, draw)]);
  } finally {
    controller.abort();
    screen.close();
  }
};

const FOOTER = 'q quits';
/** Also Ctrl-C and Ctrl-D, which the terminal does not tell by a signal now. */
const QUIT: readonly string[] = ['q', 'Q', '\u0003', '\u0004'];

const askAgain = async (watcher: Watcher, interval: number, signal: AbortSignal, draw: () => void): Promise<void> => {
  while (!signal.aborted) {
    // Why there is no answer stands on the screen.
    await watcher.ask().catch(() => undefined);
    draw();
    await pause(interval, signal);
  }
};

const redraw = async (signal: AbortSignal, draw: () => void): Promise<void> => {
  while (!signal.aborted) {
    draw();
    await pause(DRAW_MS, signal);
  }
};

const watch = async (folder: string, { interval, once: isOnce, json }: WatchOptions): Promise<void> => {
  if (json === true && isOnce === true) {
    const state = await stateOf(folder);
    say(JSON.stringify(state));
    if (!state.running) throw new Error(notRunning(folder));
    return;
  }
  if (json === true) return lines(folder, interval * 1000, untilTold());
  if (isOnce === true) return once(folder);
  if (!process.stdout.isTTY)
    throw new Error('spad watch needs a terminal: with --once it prints one frame, with --json a line each interval');
  return live(folder, interval * 1000, untilTold());
};

const intervalWord = (text: string): Seconds => {
  const interval = parseDuration(text);
  if (interval === undefined || interval < 1 || interval > 3600)
    throw new InvalidArgumentError('It is a time from 1s to 1h, such as 2s.');
  return interval;
};

/** Adds the command. */
export const defineWatch = ({ define, whereOf }: Asking, onStatus: (status: number) => void): void => {
  define('watch', 'show the running daemon live: grants counting down, packets a second, refusals')
    .option('--interval <time>', 'ask so often, such as 2s', intervalWord, seconds(1))
    .option('--once', 'print one frame')
    .option('--json', 'print status, grants and rates as one JSON object a line, each interval')
    .action(async (options: WatchOptions) => {
      await watch(whereOf(options).folder, options);
      onStatus(0);
    });
};
