# bash.bash SCRIPT PROGRAM: for each line of standard input, its words parted by tabs and the last one before the cursor, what
# bash would offer; "== done" after each.
source "$1"
words=$(complete -p "$2") || exit
words=${words#complete -F }
function=${words%% *}
while IFS= read -r line; do
  mapfile -t -d $'\t' COMP_WORDS <<<"$line"
  COMP_WORDS[-1]=${COMP_WORDS[-1]%$'\n'}
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  COMPREPLY=()
  "$function" "$2" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" </dev/null
  printf '%s\n' "${COMPREPLY[@]}" '== done'
done
