/**
 * The process of {@link Closer}. Each line of standard input replaces all that is to be run. SIGTERM, by which a service
 * manager ends what a service has left, runs all of it at once: closed too early is better than never.
 */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { runProgram } from '../process/run.ts';

interface Close {
  /** Milliseconds of CLOCK_MONOTONIC. */
  readonly at: number;
  readonly argv: readonly string[];
}

const PROGRAM_MS = 60_000;
const AGAIN_MS = 1000;
/** A command that has failed so often will not succeed. */
const MAX_TRIES = 600;
/** Timers hold no more; what is due later is looked at again. */
const MAX_WAIT_MS = 0x7fff_ffff;

let closes: readonly Close[] = [];
const hurry = new AbortController();

const isClose = (value: unknown): value is Close =>
  typeof value === 'object' &&
  value !== null &&
  'at' in value &&
  typeof value.at === 'number' &&
  'argv' in value &&
  Array.isArray(value.argv) &&
  value.argv.every((word) => typeof word === 'string');

const read = (line: string): void => {
  const value: unknown = JSON.parse(line);
  if (Array.isArray(value)) closes = value.filter(isClose).sort((a, b) => a.at - b.at);
};

const steady = (): number => Number(process.hrtime.bigint()) / 1e6;

const waitFor = async (at: number): Promise<void> => {
  while (!hurry.signal.aborted && steady() < at) {
    const wait = Math.min(Math.ceil(at - steady()), MAX_WAIT_MS);
    await sleep(wait, undefined, { signal: hurry.signal }).catch(() => undefined);
  }
};

const carryOut = async ([file = '', ...args]: readonly string[]): Promise<void> => {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const finished = await runProgram(file, args, '', PROGRAM_MS).catch(() => undefined);
    if (finished?.code === 0) return;
    await sleep(AGAIN_MS);
  }
};

const closeAll = async (): Promise<never> => {
  for (const { at, argv } of closes) {
    await waitFor(at);
    await carryOut(argv);
  }
  process.exit(0);
};

let closing: Promise<never> | undefined;
const begin = (): void => {
  closing ??= closeAll();
};

process.on('SIGHUP', () => undefined);
// Node's own answer is to open its debugger.
process.on('SIGUSR1', () => undefined);
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => {
  hurry.abort();
  begin();
});
createInterface({ input: process.stdin }).on('line', read).on('close', begin);
