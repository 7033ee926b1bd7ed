# zsh.zsh SCRIPT FILE: for each line of standard input what a zsh at a terminal offers where TAB is pressed after it. That is
# written into FILE and then printed; "== done" after each.
zmodload zsh/zpty
export OFFERED=$2
zpty shell zsh -f -i
tell() { zpty -w shell "$1"; drain }
drain() { local line; while zpty -r -t shell line; do :; done }
# await COUNT: until so many answers are complete.
await() {
  repeat 1200; do
    drain
    (( $(grep -c '^== done$' $OFFERED) >= $1 )) && return
    sleep 0.05
  done
  print -u2 "zsh has not answered"
  exit 1
}
: >$OFFERED
tell 'PS1=; stty -echo'
tell "autoload -Uz compinit && compinit -u -D; source ${(q)1}"
# Whatever is offered goes through compadd; where it only tries (-O, -A, -D) nothing is shown.
tell 'compadd() {
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi
  local -a offered
  builtin compadd -A offered "$@"
  print -rl -- $offered >>$OFFERED
  builtin compadd "$@"
}'
tell 'finish() { print -r -- "== done" >>$OFFERED; BUFFER= }; zle -N finish; bindkey "^X" finish'
tell 'bindkey "^I" complete-word; setopt no_always_last_prompt; LISTMAX=10000; print -r -- "== done" >>$OFFERED'
await 1
integer count=1
while IFS= read -r line; do
  zpty -n -w shell "${line//$'\t'/ }"$'\t\x18'
  (( count += 1 ))
  await $count
done
tail -n +2 $OFFERED
zpty -d shell
