import { asTrouble } from '../keys/trouble.ts';

/** Says the sentence of a Trouble, after the program's name, and gives its exit code. @throws what is none: a bug. */
export const tellTrouble = (error: unknown, program: string, io: { readonly err: (text: string) => void }): number => {
  const trouble = asTrouble(error);
  if (trouble === undefined) throw error;
  io.err(`${program}: ${trouble.message}\n`);
  return trouble.exitCode;
};
