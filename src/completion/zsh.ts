/** The zsh completion of a program: a function for each command, which hands over to those below it, or to _arguments. */
import {
  type CommandShape,
  functionName,
  type OperandShape,
  type OptionShape,
  type Place,
  quote,
  takesNextWord,
} from './shape.ts';

/** What _arguments and _describe would take for a sign of theirs. */
const escape = (text: string): string => text.replaceAll(/[\\:[\]]/g, String.raw`\$&`);

const action = (place: Place, base: string): string => {
  switch (place.kind) {
    case 'text':
      return ' ';
    case 'file':
      return '_files';
    case 'folder':
      return '_files -/';
    case 'command':
      return '_command_names -e';
    case 'words':
      return `(${place.words.map(escape).join(' ')})`;
    case 'topic':
      // The blank keeps _arguments from adding words of its own.
      return ` ${base}_topic ${place.topic}`;
  }
};

const optionSpecs = ({ spellings, help, value }: OptionShape, base: string): string[] => {
  // Only the program knows which may be repeated; offering one again does no harm.
  const tail = `[${escape(help)}]`;
  if (value === undefined) return spellings.map((spelling) => quote(`*${spelling}${tail}`));
  const colons = value.isOptional ? '::' : ':';
  return spellings.map((spelling) => {
    const isLong = spelling.startsWith('--');
    const sign = isLong ? (value.isOptional ? '=-' : '=') : value.isOptional ? '-' : '+';
    return quote(`*${spelling}${sign}${tail}${colons}${escape(value.name)}:${action(value.place, base)}`);
  });
};

const operandSpec = ({ name, place, repeats }: OperandShape, index: number, base: string): string =>
  quote(`${repeats ? '*' : String(index + 1)}:${escape(name)}:${action(place, base)}`);

const operandSpecs = (shape: CommandShape, own: string, base: string): string[] => {
  const [first, ...others] = shape.operands;
  if (shape.commands.length === 0) return shape.operands.map((each, index) => operandSpec(each, index, base));
  const more = first?.repeats === true ? [operandSpec(first, 0, base)] : [];
  return [
    quote(`1: : ${own}__first`),
    ...more,
    ...others.map((operand, index) => operandSpec(operand, index + 1, base)),
  ];
};

/** Finds the command that is meant among those below, and lets its function go on. */
const handOver = (shape: CommandShape, own: string): string => {
  const spellings = shape.options.filter(takesNextWord).flatMap((option) => option.spellings);
  const skip = spellings.length === 0 ? '' : `    ${spellings.join(' | ')}) at+=2 ;;\n`;
  const calls = shape.commands.map(({ name }) => `    ${name}) ${own}_${idOf(name)} ;;`);
  return `  local -i at=2
  while ((at < CURRENT)); do
    case $words[at] in
${skip}    -*) at+=1 ;;
    *) break ;;
    esac
  done
  if ((at < CURRENT)) && ((\${+functions[${own}_\${words[at]//[^a-zA-Z0-9]/_}]})); then
    words=("\${(@)words[at,-1]}")
    ((CURRENT -= at - 1))
    case $words[1] in
${calls.join('\n')}
    esac
    return
  fi
`;
};

const idOf = (name: string): string => functionName(name).slice(1);

const firstFunction = (shape: CommandShape, own: string, base: string): string => {
  const commands = shape.commands.map(({ name, help }) => `    ${quote(`${escape(name)}:${escape(help)}`)}`);
  const [operand] = shape.operands;
  const place = operand?.place;
  const other =
    operand === undefined || place === undefined || place.kind === 'text'
      ? ''
      : ` ${quote(`operands:${escape(operand.name)}:${action(place, base)}`)}`;
  return `${own}__commands() {
  local -a commands=(
${commands.join('\n')}
  )
  _describe -t commands command commands
}
${own}__first() {
  _alternative ${quote(`commands:command:${own}__commands`)}${other}
}
`;
};

const functionsOf = (shape: CommandShape, own: string, base: string): string => {
  const specs = [
    ...shape.options.flatMap((option) => optionSpecs(option, base)),
    ...operandSpecs(shape, own, base),
  ].map((spec) => ` \\\n    ${spec}`);
  const isParent = shape.commands.length > 0;
  const whole = own === base ? `  local -a all=("\${words[@]}")\n` : '';
  return `${own}() {
${whole}${isParent ? handOver(shape, own) : ''}  _arguments -s -S :${specs.join('')}
}
${isParent ? firstFunction(shape, own, base) : ''}${shape.commands
    .map((each) => functionsOf(each, `${own}_${idOf(each.name)}`, base))
    .join('')}`;
};

/** The script, for `source` or, as `_PROGRAM`, for a folder of $fpath. */
export const zshCompletion = (root: CommandShape, asked: string): string => {
  const base = functionName(root.name);
  return `#compdef ${root.name}
# zsh completion for ${root.name}, as "${asked} completion" prints it

${functionsOf(root, base, base)}
# What the program knows of a topic.
${base}_topic() {
  local -a found
  found=("\${(@f)$(${asked} completion $1 -- "\${(@)all[2,-1]}" 2>/dev/null </dev/null)}")
  found=("\${(@)found//:/\\\\:}")
  found=("\${(@)found/$'\\t'/:}")
  _describe -t $1 $1 found
}

if [[ $funcstack[1] == _${root.name} ]]; then
  ${base} "$@"
else
  compdef ${base} ${root.name}
fi
`;
};
