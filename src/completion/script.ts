/** One completion script, by the name of its shell. */
import { bashCompletion } from './bash.ts';
import { fishCompletion } from './fish.ts';
import type { CommandShape } from './shape.ts';
import { zshCompletion } from './zsh.ts';

const SCRIPTS = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
} as const satisfies Readonly<Record<string, (root: CommandShape, asked: string) => string>>;

export type Shell = keyof typeof SCRIPTS;

export const SHELLS = Object.keys(SCRIPTS) as Shell[];

/** The script for a program; `asked` is the one that is asked about topics. Undefined where we know no such shell. */
export const completionScript = (shell: string, root: CommandShape, asked = root.name): string | undefined => {
  const known = SHELLS.find((each) => each === shell);
  return known === undefined ? undefined : SCRIPTS[known](root, asked);
};
