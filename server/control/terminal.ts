/** What the terminal that we write to is like, and until when we do. */
import { printable } from '../../src/base/printable.ts';
import { watchReader } from '../process/reader-watch.ts';

/** Whether colours are wanted (https://no-color.org) and shown. */
export const showsColour = (env: NodeJS.ProcessEnv, isTerminal: boolean): boolean =>
  isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';

/** Whether the terminal's letters are those of Unicode, by the locale (locale(7)). */
export const hasUnicode = (env: NodeJS.ProcessEnv): boolean => {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => value !== undefined && value !== '');
  return /utf-?8/i.test(locale ?? '');
};

/** Is aborted when somebody says that it is enough (SIGINT, SIGTERM), or when nobody reads our standard output any more. */
export const untilTold = (): AbortSignal => {
  const controller = new AbortController();
  const end = (): void => controller.abort();
  process.on('SIGINT', end).on('SIGTERM', end);
  process.stdout.on('error', end);
  watchReader(end);
  return controller.signal;
};

/** Ends the program once what it shows cannot be written: with a sentence, or quietly where whoever read it has read enough (`| head`). */
export const endWithReader = (): void => {
  process.stdout.on('error', (error: Error) => {
    if ('code' in error && error.code === 'EPIPE') process.exit();
    process.stderr.write(`spad: error: standard output cannot be written: ${printable(error.message)}\n`);
    process.exit(1);
  });
};
