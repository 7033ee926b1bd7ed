/** Runs a command of the operator's to its end and says in a few words how it ended. */
import { type Identity, startCommand } from './run.ts';

export interface CommandEnd {
  readonly ok: boolean;
  /** `status 1: the first line of its standard error`. */
  readonly how: string;
  /** Whether it came to its end by itself; else it may have done a part of its work. */
  readonly isWhole: boolean;
}

/** Of standard error; the rest is read and forgotten, so that the command is not held up. */
const MAX_KEPT = 4096;
/** A child that it has left behind may hold standard error open. */
const LAST_WORDS_MS = 100;

/** Never throws: a command that cannot be started has ended, too. What takes longer than `timeoutMs` is killed with all it started. */
export const runCommand = (
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  identity: Identity,
  timeoutMs: number,
): Promise<CommandEnd> =>
  new Promise((resolve) => {
    const child = startCommand(argv, env, identity);
    let said = '';
    let isLate = false;
    const late = setTimeout(() => {
      isLate = true;
      killGroup(child.pid);
    }, timeoutMs);
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text: string) => {
      if (said.length < MAX_KEPT) said += text;
    });
    child.stderr.on('error', () => undefined);
    child.on('error', (error) => {
      clearTimeout(late);
      resolve({ ok: false, how: error.message, isWhole: child.pid === undefined });
    });
    child.on('exit', (code, signal) => {
      clearTimeout(late);
      const end = (): void => {
        clearTimeout(lastWords);
        child.stderr.destroy();
        resolve(endOf(code, signal, isLate ? timeoutMs : undefined, said));
      };
      const lastWords = setTimeout(end, LAST_WORDS_MS);
      child.stderr.once('close', end);
    });
  });

const endOf = (code: number | null, signal: string | null, late: number | undefined, said: string): CommandEnd => {
  if (late !== undefined) return { ok: false, how: `took longer than ${String(late / 1000)} s`, isWhole: false };
  const line = said
    .split('\n')
    .map((text) => text.trim())
    .find((text) => text !== '');
  const how = signal === null ? `status ${String(code)}` : `ended by ${signal}`;
  return { ok: code === 0, how: line === undefined ? how : `${how}: ${line.slice(0, 300)}`, isWhole: signal === null };
};

/** It leads a group of its own, which has whatever it started. */
const killGroup = (pid: number | undefined): void => {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
};
