/** The command of `spa-client exec`: it has this program's standard streams, and the signals that are meant for it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { systemCode, Trouble } from '../../keys/trouble.ts';
import { printable } from '../../src/base/printable.ts';

/** Whoever sends one of them to this program means the command. */
const PASSED_ON = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR2'] as const;

/** What a key of the terminal sends to all programs in its foreground, the command included. */
const OF_THE_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];

/** A command that was not run. */
export class NotRun extends Trouble {
  /** As shells have it: 127 where there is no such command, 126 where it cannot be run. */
  readonly shellCode: 126 | 127;

  constructor(command: string, cause: unknown) {
    const code = systemCode(cause);
    const isAbsent = code === 'ENOENT';
    const why = isAbsent
      ? 'there is no such command: check its spelling and PATH'
      : `it cannot be run (${code ?? ''}): check that it may be executed`;
    super(`${printable(command, 200)}: ${why}`, 1, { cause });
    this.shellCode = isAbsent ? 127 : 126;
  }
}

/**
 * Runs a command to its end: its exit code, 128 and the number of a signal that has ended it. Signals are passed on to it meanwhile.
 * Rejects with {@link NotRun}.
 */
export const runChild = ([command = '', ...args]: readonly string[]): Promise<number> =>
  new Promise((resolve, reject) => {
    let child: ChildProcess | undefined;
    const passOn = (signal: NodeJS.Signals): void => {
      if (!(OF_THE_TERMINAL.includes(signal) && isInForeground())) child?.kill(signal);
    };
    // Before there is a command: it may be up, and somebody send a signal for it, before we are asked again.
    for (const signal of PASSED_ON) process.on(signal, passOn);
    const end = (settle: () => void): void => {
      for (const signal of PASSED_ON) process.off(signal, passOn);
      settle();
    };
    try {
      child = start(command, args);
    } catch (error) {
      end(() => reject(error instanceof Error ? error : new Error(String(error))));
      return;
    }
    const { pid } = child;
    child.once('error', (error) => {
      if (pid === undefined) end(() => reject(new NotRun(command, error)));
    });
    child.once('exit', (code, signal) => end(() => resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL'])));
  });

/** Node tells of some errors of the system by an event, of others (ENOTDIR, E2BIG) at once. */
const start = (command: string, args: readonly string[]): ChildProcess => {
  try {
    return spawn(command, args, { stdio: 'inherit' });
  } catch (error) {
    throw systemCode(error) === undefined ? error : new NotRun(command, error);
  }
};

/** Whether the terminal's keys reach this program: its group is the one in the foreground (proc(5), fields 5 and 8 of stat). */
const isInForeground = (): boolean => {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return group === foreground;
};
