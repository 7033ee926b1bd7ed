/** What completions have to know of a command line that getopt reads: from its table, and in the words of its --help. */
import type { CommandShape, OperandShape, OptionShape, Place } from '../../src/completion/shape.ts';
import type { LongOption } from '../getopt.ts';

/** By the long name of an option: the topic that its value is of. */
export type GetoptTopics = Readonly<Record<string, string>>;

/** One line of a usage text: ` -A, --access PORTS   what it is for`. */
const LINE = /^ *(?:-.[, ]+)?--([a-z][a-z0-9-]*)(?:[ =]([^ ]+))? +([^\s-].*)$/;

/** The line of each long option in a usage text. */
const linesOf = (usage: string): ReadonlyMap<string, { readonly value: string; readonly help: string }> =>
  new Map(
    usage.split('\n').flatMap((line) => {
      const [, name, value = '', help = ''] = LINE.exec(line) ?? [];
      return name === undefined ? [] : [[name, { value: value.replaceAll(/[<>]/g, ''), help }] as const];
    }),
  );

/** Those of the table that `usage` tells of, as a command; there descriptions and names of values are, too. */
export const getoptShape = (
  table: readonly LongOption[],
  usage: string,
  operands: readonly OperandShape[],
  topics: GetoptTopics,
): Pick<CommandShape, 'options' | 'operands' | 'commands'> => {
  const lines = linesOf(usage);
  const told = new Set(usage.match(/--[a-z0-9][a-z0-9-]*/g));
  const shown = table.filter(({ name }) => told.has(`--${name}`));
  const options = shown.map(({ name, short, takesValue }, index): OptionShape => {
    const { value = '', help = '' } = lines.get(name) ?? {};
    const isFirst = shown.findIndex((other) => short !== undefined && other.short === short) === index;
    return {
      spellings: [...(isFirst ? [`-${short ?? ''}`] : []), `--${name}`],
      help,
      value: takesValue ? { name: value, place: placeOf(value, topics[name]), isOptional: false } : undefined,
    };
  });
  return { options, operands, commands: [] };
};

const placeOf = (name: string, topic: string | undefined): Place => {
  if (topic !== undefined) return { kind: 'topic', topic };
  if (/^(?:file|path)$/i.test(name)) return { kind: 'file' };
  return { kind: /^folder$/i.test(name) ? 'folder' : 'text' };
};
