/** `completion`, which each of the programs has: the script for a shell, and what that asks while somebody types. */
import type { Command } from 'commander';
import { printable } from '../src/base/printable.ts';
import { completionScript, SHELLS } from '../src/completion/script.ts';
import type { CommandShape } from '../src/completion/shape.ts';

/** A word that may be meant, and what it stands for. */
export type Known = readonly [word: string, about: string];

export interface CompletionOf {
  readonly out: (text: string) => void;
  /** The command line of `name`, or of the program itself. Undefined where there is none of that name. */
  readonly shape: (name: string | undefined) => CommandShape | undefined | Promise<CommandShape | undefined>;
  /** By topic: what is known, with the words before the cursor. */
  readonly topics: Readonly<Record<string, (words: readonly string[]) => readonly Known[] | Promise<readonly Known[]>>>;
}

const examples = (program: string): string => `
Examples:
  source <(${program} completion bash)       in ~/.bashrc
  source <(${program} completion zsh)        in ~/.zshrc, after compinit
  ${program} completion fish > ~/.config/fish/completions/${program}.fish
The Debian package has installed them already.`;

/** Adds the command to `program`. */
export const defineCompletion = (program: Command, { out, shape, topics }: CompletionOf): Command => {
  const all = [...SHELLS, ...Object.keys(topics)];
  return program
    .command('completion')
    .description('print the completion script of a shell, or what such a script asks for')
    .usage('[options] <what>')
    .argument(`<${all.join('|')}>`)
    .argument('[words...]')
    .configureHelp({ visibleArguments: () => [] })
    .addHelpText('after', `\n<what> is one of ${all.join(', ')}.\n${examples(program.name())}`)
    .action((what: string, words: readonly string[], _: object, command: Command) => {
      const topic = Object.hasOwn(topics, what) ? topics[what] : undefined;
      if (topic !== undefined) return once(topic(words), (known) => out(formatKnown(known)));
      return once(shape(words[0]), (root) => {
        const script = root === undefined ? undefined : completionScript(what, root, program.name());
        if (script === undefined)
          command.error(
            `error: there is no completion of "${[what, ...words].map((word) => printable(word, 60)).join(' ')}": say ${all.join(', ')}`,
          );
        out(script);
      });
    });
};

/** At once where it can be: spa-keys does not wait for anything. */
const once = <T>(value: T | Promise<T>, then: (value: T) => void): void | Promise<void> =>
  value instanceof Promise ? value.then(then) : then(value);

/** A line for each, nothing in it that a terminal or a shell would take for its own. */
const formatKnown = (known: readonly Known[]): string =>
  known.map((pair) => `${pair.map((text) => text.replaceAll(/[\0-\x1f\x7f]/g, ' ')).join('\t')}\n`).join('');
