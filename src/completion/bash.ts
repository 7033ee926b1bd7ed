/**
 * The bash completion of a program. One function walks over the words before the cursor, as the program would read them, and
 * then knows what may come. It needs neither the package bash-completion nor, but for topics, the program.
 */
import { type CommandShape, functionName, type Place, placesOf, quote, reachedIn, takesNextWord } from './shape.ts';

/** A place as one word of the script. */
const wanted = (place: Place): string => {
  if (place.kind === 'words') return quote(`words:${place.words.join(' ')}`);
  return place.kind === 'topic' ? quote(`topic:${place.topic}`) : place.kind;
};

const branch = (patterns: readonly string[], then: string): string => `    ${patterns.join(' | ')}) ${then} ;;`;

/** For each word that has another meaning than an operand's, what it does. */
const steps = (root: CommandShape): string[] =>
  reachedIn(root).flatMap(({ path, shape }) => [
    ...shape.options.filter(takesNextWord).map(({ spellings, value }) =>
      branch(
        spellings.map((spelling) => quote(`${path} ${spelling}`)),
        `want=(${wanted(value?.place ?? { kind: 'text' })})`,
      ),
    ),
    ...shape.commands.map(({ name }) =>
      branch(
        [quote(`${path} ${name}`)],
        `if ((operands == 0)); then at=${quote(path === '' ? name : `${path} ${name}`)}; else operands+=1; fi`,
      ),
    ),
  ]);

const spellingsByCommand = (root: CommandShape): string[] =>
  reachedIn(root)
    .filter(({ shape }) => shape.options.length > 0)
    .map(({ path, shape }) =>
      branch(
        [quote(path)],
        `want=(${quote(`words:${shape.options.flatMap(({ spellings }) => [...spellings].reverse()).join(' ')}`)})`,
      ),
    );

const operandsByCommand = (root: CommandShape): string[] =>
  reachedIn(root).flatMap(({ path, shape }) => {
    const last = shape.operands.findIndex(({ repeats }) => repeats);
    const count = Math.max(shape.operands.length, 1);
    const all = Array.from({ length: count }, (_, index) => ({
      patterns: [quote(`${path} ${String(index)}`)],
      places: placesOf(shape, index),
    }));
    const more = last < 0 ? [] : [{ patterns: [`${quote(`${path} `)}*`], places: placesOf(shape, count) }];
    return [...all, ...more]
      .filter(({ places }) => places.length > 0)
      .map(({ patterns, places }) => branch(patterns, `want=(${places.map(wanted).join(' ')})`));
  });

const foundFunction = (name: string): string => `# Adds what there is of the kind that the first word tells.
${name}_found() {
  local cur=\${COMP_WORDS[COMP_CWORD]}
  local -a found=()
  if [[ $cur == = ]]; then cur=''; fi
  case $1 in
  words:*) mapfile -t found < <(compgen -W "\${1#words:}" -- "$cur") ;;
  topic:*) mapfile -t found < <(${name}_topic "\${1#topic:}" "$cur") ;;
  file) compopt -o filenames 2>/dev/null; mapfile -t found < <(compgen -f -- "$cur") ;;
  folder) compopt -o filenames 2>/dev/null; mapfile -t found < <(compgen -d -- "$cur") ;;
  command) mapfile -t found < <(compgen -c -f -- "$cur" | sort -u) ;;
  esac
  COMPREPLY+=("\${found[@]}")
}
`;

const topicFunction = (
  name: string,
  asked: string,
): string => `# What the program knows that begins as the second word does, one a line.
${name}_topic() {
  local line
  while IFS= read -r line; do
    line=\${line%%$'\\t'*}
    if [[ $line == "$2"* ]]; then printf '%q\\n' "$line"; fi
  done < <(${asked} completion "$1" -- "\${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null </dev/null)
}
`;

/** The script, for `source` or for the folder of the package bash-completion. */
export const bashCompletion = (root: CommandShape, asked: string): string => {
  const name = functionName(root.name);
  return `# bash completion for ${root.name}, as "${asked} completion" prints it

${name}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} at='' word='' one='' ended=''
  local -a want=()
  local -i operands=0 i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    # Bash parts --name=value and host:port at their signs.
    if [[ $word =~ ^[=:]+$ ]]; then
      if ((\${#want[@]} == 0)); then i+=1; fi
      if ((i == COMP_CWORD)); then return; fi
      continue
    fi
    if ((\${#want[@]} > 0)); then want=(); continue; fi
    if [[ $ended ]]; then operands+=1; continue; fi
    if [[ $word == -- ]]; then ended=yes; continue; fi
    case "$at $word" in
${steps(root).join('\n')}
    *' '-*) ;;
    *) operands+=1 ;;
    esac
  done
  if [[ $cur == = ]]; then
    if ((\${#want[@]} == 0)); then return; fi
    cur=''
  fi
  if ((\${#want[@]} == 0)) && [[ $cur == -* && ! $ended ]]; then
    case $at in
${spellingsByCommand(root).join('\n')}
    esac
  elif ((\${#want[@]} == 0)); then
    case "$at $operands" in
${operandsByCommand(root).join('\n')}
    esac
  fi
  for one in "\${want[@]}"; do ${name}_found "$one"; done
}

${foundFunction(name)}
${topicFunction(name, asked)}
complete -F ${name} ${root.name}
`;
};
