/** `spa-client completion`. */
import { Command, CommanderError } from 'commander';
import { defineCompletion } from '../../keys/completion-command.ts';
import type { CommandShape } from '../../src/completion/shape.ts';
import type { ClientIo } from '../io.ts';
import { programShape } from './shapes.ts';
import { knownProfiles, knownStanzas } from './topics.ts';

type CommandNamed = (word: string) => { readonly shape: () => Promise<CommandShape> } | undefined;

/** Runs `completion` with the words after it; gives the exit code (0 or 2). */
export const runCompletion = async (
  words: readonly string[],
  io: ClientIo,
  commandNamed: CommandNamed,
): Promise<number> => {
  const program = new Command('spa-client').exitOverride().configureOutput({
    writeOut: (text) => io.out(text),
    writeErr: (text) => io.err(text),
    outputError: (text, write) => write(text.replace(/^error: /, 'spa-client: ')),
  });
  define(program, io, commandNamed);
  try {
    await program.parseAsync(['completion', ...words], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
};

/** Its command line; it is not run. */
export const completionProgram = (): Command =>
  define(new Command('spa-client'), { out: () => undefined, env: {} }, () => undefined);

/** The programs that are also installed under their own names. */
const PROGRAMS: readonly string[] = ['knock', 'fwknop'];

const define = (program: Command, { out, env }: Pick<ClientIo, 'out' | 'env'>, commandNamed: CommandNamed): Command =>
  defineCompletion(program, {
    out,
    shape: (name) => {
      if (name === undefined) return programShape(commandNamed);
      return PROGRAMS.includes(name) ? commandNamed(name)?.shape() : undefined;
    },
    topics: {
      profiles: (words) => knownProfiles(words, env),
      stanzas: (words) => knownStanzas(words, env),
    },
  });
