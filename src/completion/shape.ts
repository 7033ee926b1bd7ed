/** What a shell has to know of a command line to complete it: the same for bash, zsh and fish. */

/** What may stand in one place. */
export type Place =
  | { readonly kind: 'text' | 'file' | 'folder' | 'command' }
  | { readonly kind: 'words'; readonly words: readonly string[] }
  /** What `PROGRAM completion TOPIC` prints: a line for each, a tab between the word and what is said of it. */
  | { readonly kind: 'topic'; readonly topic: string };

export interface OptionShape {
  /** Each with its hyphens: `-A`, `--access`. */
  readonly spellings: readonly string[];
  readonly help: string;
  /** Undefined for a switch. An `isOptional` one counts only where it is in the same word: `--wait=20s`. */
  readonly value: { readonly name: string; readonly place: Place; readonly isOptional: boolean } | undefined;
}

export interface OperandShape {
  readonly name: string;
  readonly place: Place;
  /** Whether it may be followed by more of its kind; such a one is the last. */
  readonly repeats: boolean;
}

export interface CommandShape {
  readonly name: string;
  readonly help: string;
  readonly options: readonly OptionShape[];
  readonly operands: readonly OperandShape[];
  readonly commands: readonly CommandShape[];
}

/** A command with the words that lead to it, `` for the program itself. */
export interface Reached {
  readonly path: string;
  readonly shape: CommandShape;
}

/** The command and all those below it. */
export const reachedIn = (shape: CommandShape, path = ''): readonly Reached[] => [
  { path, shape },
  ...shape.commands.flatMap((each) => reachedIn(each, path === '' ? each.name : `${path} ${each.name}`)),
];

/** What may stand where the command's operand number `index`, from 0, does. */
export const placesOf = ({ operands, commands }: CommandShape, index: number): readonly Place[] => {
  const operand = operands[index] ?? operands.findLast(({ repeats }) => repeats);
  return [
    ...(index === 0 && commands.length > 0
      ? [{ kind: 'words', words: commands.map(({ name }) => name) } as const]
      : []),
    ...(operand === undefined ? [] : [operand.place]),
  ];
};

/** A name that a function of a shell may have. */
export const functionName = (program: string): string => `_${program.replaceAll(/[^a-z0-9]/gi, '_')}`;

/** In single quotes, as sh, bash and zsh read them. */
export const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** Whether its value is the word after it. */
export const takesNextWord = ({ value }: OptionShape): boolean => value?.isOptional === false;
