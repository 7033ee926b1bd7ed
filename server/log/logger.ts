/** Lines for the operator on standard error, which systemd puts into its journal. */
import { writeSync } from 'node:fs';
import { printable } from '../../src/base/printable.ts';

export interface Logger {
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}

/** Where the journal reads our standard error, a line begins with its syslog priority (sd-daemon(3)). */
const underSystemd = (env: NodeJS.ProcessEnv): boolean => env['JOURNAL_STREAM'] !== undefined;

const MAX_LINE = 1000;

export const stderrLogger = (env: NodeJS.ProcessEnv): Logger => {
  const write = (priority: number, label: string, text: string): void => {
    const prefix = underSystemd(env) ? `<${String(priority)}>` : 'spad: ';
    try {
      writeSync(2, `${prefix}${label}${printable(text, MAX_LINE)}\n`);
    } catch {
      // Nobody reads our standard error any more; a daemon goes on.
    }
  };
  return {
    info: (text) => write(6, '', text),
    warn: (text) => write(4, 'warning: ', text),
    error: (text) => write(3, 'error: ', text),
  };
};
