import { getSystemErrorMap } from 'node:util';

/** Troubles that the person at the terminal can put right. A bug is not one of these: it crashes with its stack. */

/**
 * Exit codes of spa-client and spa-keys: 1 the machine or the network would not, 2 wrong usage, file or key, 3 nothing came back or
 * opened in time, 4 the server refused or failed.
 */
export type TroubleCode = 1 | 2 | 3 | 4;

/** Its message is one whole sentence that says what to do next; it is shown without a stack. */
export class Trouble extends Error {
  override readonly name: string = 'Trouble';
  readonly exitCode: TroubleCode;

  constructor(message: string, exitCode: TroubleCode = 2, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** What a thrown error of the operating system carries beside its message. */
interface SystemError extends Error {
  readonly code: string;
  readonly syscall: string;
  readonly errno?: unknown;
  readonly path?: unknown;
}

const isSystemError = (error: unknown): error is SystemError =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  'syscall' in error &&
  typeof error.syscall === 'string';

/** What the system says in words: `permission denied`. */
const reasonOf = (error: SystemError): string =>
  (typeof error.errno === 'number' ? getSystemErrorMap().get(error.errno)?.[1] : undefined) ?? error.message;

/** The `code` of an error of the operating system, such as `ENOENT`; undefined for anything else. */
export const systemCode = (error: unknown): string | undefined => (isSystemError(error) ? error.code : undefined);

const NEXT_STEPS: Readonly<Record<string, string>> = {
  EACCES: '; run this as the owner or as root, or choose another place',
  EPERM: '; run this as the owner or as root, or choose another place',
  EROFS: '; choose a place that can be written',
  ENOSPC: '; free some space and try again',
};

/**
 * The trouble that `error` is to a person: a {@link Trouble} as it is, an error of the operating system in words.
 * Undefined where it is neither, which makes it a bug.
 */
export const asTrouble = (error: unknown): Trouble | undefined => {
  if (error instanceof Trouble) return error;
  if (!isSystemError(error)) return undefined;
  const path = typeof error.path === 'string' ? ` ${error.path}` : '';
  return new Trouble(`cannot ${error.syscall}${path}: ${reasonOf(error)}${NEXT_STEPS[error.code] ?? ''}`, 1, {
    cause: error,
  });
};
