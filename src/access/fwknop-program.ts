/**
 * Programs that fwknop's stanzas run: argument vectors, never a shell. What a client sends and what is put into a template
 * becomes arguments and nothing else.
 */
import type { ProgramUser } from './fwknop-stanza.ts';

/** A program to be started, and as whom. */
export interface ProgramRun {
  /** At least one; the first is looked for in PATH unless it has a slash. */
  readonly argv: readonly string[];
  /** Names; undefined: those of the daemon. */
  readonly user: string | undefined;
  readonly group: string | undefined;
}

/** fwknopd 2.6.10 refuses a command of more arguments, the program itself included. */
export const MAX_ARGUMENTS = 30;

/** The words of a command as fwknop cuts it: at white space, a quote or a backslash being a character like any other. */
export const splitArguments = (command: string): readonly string[] =>
  command.split(/[ \t\n\v\f\r]+/).filter((word) => word !== '');

/** `argv` as this user; with sudo, sudo is what is started. */
export const programOf = (argv: readonly string[], { user, group, sudo }: ProgramUser): ProgramRun => {
  if (sudo === undefined) return { argv, user, group };
  // Nobody is there to be asked for a password: without -n sudo would wait for one.
  const become = ['sudo', '-n', '-u', sudo.user ?? 'root', '-g', sudo.group ?? 'root'];
  return { argv: [...become, ...argv], user, group };
};

const programKey = ({ argv, user, group }: ProgramRun): string => JSON.stringify([argv, user ?? null, group ?? null]);

/** Equal for lists that start the same programs in the same way and order. */
export const programsKey = (runs: readonly ProgramRun[]): string => runs.map(programKey).join('\n');
