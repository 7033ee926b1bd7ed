/** The fish completion of a program: fish reads options itself, and is told at which command and operand the cursor is. */
import {
  type CommandShape,
  functionName,
  type OptionShape,
  type Place,
  placesOf,
  type Reached,
  reachedIn,
  takesNextWord,
} from './shape.ts';

/** In single quotes, as fish reads them. */
const quote = (text: string): string => `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`;

/** What `complete` is told of a place, for a value or for an operand alike. */
const candidates = (place: Place, base: string): string => {
  switch (place.kind) {
    case 'text':
      return '-f';
    case 'file':
      return '-F';
    case 'folder':
      return `-f -a '(__fish_complete_directories)'`;
    case 'command':
      return `-F -a '(__fish_complete_command)'`;
    case 'words':
      return `-f -a ${quote(place.words.join(' '))}`;
    case 'topic':
      return `-f -a ${quote(`(${base}_topic ${place.topic})`)}`;
  }
};

const optionLine = ({ path }: Reached, option: OptionShape, root: CommandShape): string => {
  const base = functionName(root.name);
  const { spellings, value, help } = option;
  const names = spellings.map((spelling) =>
    spelling.startsWith('--') ? `-l ${spelling.slice(2)}` : `-s ${spelling.slice(1)}`,
  );
  const place = value === undefined ? '' : ` ${takesNextWord(option) ? '-r ' : ''}${candidates(value.place, base)}`;
  const where = root.commands.length === 0 ? '' : ` -n ${quote(`${base}_at ${quote(path)}`)}`;
  return `complete -c ${root.name}${where} ${names.join(' ')}${place} -d ${quote(help)}`;
};

const operandLines = ({ path, shape }: Reached, root: CommandShape): string[] => {
  const base = functionName(root.name);
  const count = Math.max(shape.operands.length, shape.commands.length > 0 ? 1 : 0);
  return Array.from({ length: count }, (_, index) => index).flatMap((index) => {
    const repeats = shape.operands[index]?.repeats === true;
    const where = `-n ${quote(`${base}_at ${quote(path)} ${String(index)}${repeats ? ' more' : ''}`)}`;
    const commands = index === 0 ? shape.commands : [];
    const own = placesOf({ ...shape, commands: [] }, index).map(
      (place) => `complete -c ${root.name} ${where} ${candidates(place, base)}`,
    );
    return [
      ...commands.map(
        ({ name, help }) =>
          `complete -c ${root.name} -n ${quote(`${base}_at ${quote(path)} 0`)} -f -a ${quote(name)} -d ${quote(help)}`,
      ),
      ...own,
    ];
  });
};

/** The two tables by which the words before the cursor are read. */
const valued = (root: CommandShape): string[] =>
  reachedIn(root).flatMap(({ path, shape }) =>
    shape.options.filter(takesNextWord).flatMap(({ spellings }) => spellings.map((each) => quote(`${path} ${each}`))),
  );

const parents = (root: CommandShape): string[] =>
  reachedIn(root).flatMap(({ path, shape }) => shape.commands.map(({ name }) => quote(`${path} ${name}`)));

const cases = (words: readonly string[], then: string): string =>
  words.length === 0 ? '' : `        case ${words.join(' ')}\n          ${then}\n`;

const reachedFunction = (
  root: CommandShape,
): string => `# Prints the command that the words before the cursor have come to, and how many operands it has.
function ${functionName(root.name)}_reached
  set -l words (commandline -opc)
  set -e words[1]
  set -l at ''
  set -l operands 0
  set -l skip no
  for word in $words
    if test $skip = yes
      set skip no
    else if string match -q -- '-*' $word
      switch "$at $word"
${cases(valued(root), 'set skip yes')}      end
    else if test $operands -gt 0
      set operands (math $operands + 1)
    else
      switch "$at $word"
${cases(parents(root), 'set at (string trim "$at $word")')}        case '*'
          set operands 1
      end
    end
  end
  printf '%s\\n' $at $operands
end
`;

/** The script, for `source` or for the folder of vendors' completions. */
export const fishCompletion = (root: CommandShape, asked: string): string => {
  const base = functionName(root.name);
  const all = reachedIn(root);
  return `# fish completion for ${root.name}, as "${asked} completion" prints it

${reachedFunction(root)}
# Whether that is the command, and the operand of this number (or a later one, where "more" says so).
function ${base}_at
  set -l reached (${base}_reached)
  test "$argv[1]" = "$reached[1]"; or return 1
  test (count $argv) -gt 1; or return 0
  test "$argv[2]" = "$reached[2]"; and return 0
  test "$argv[3]" = more; and test "$reached[2]" -gt "$argv[2]"
end

# What the program knows of a topic.
function ${base}_topic
  set -l words (commandline -opc)
  ${asked} completion $argv[1] -- $words[2..] 2>/dev/null </dev/null
end

complete -c ${root.name} -f
${all
  .flatMap((reached) => [
    ...reached.shape.options.map((option) => optionLine(reached, option, root)),
    ...operandLines(reached, root),
  ])
  .join('\n')}
`;
};
