# fish.fish SCRIPT: for each line of standard input what fish would offer; "== done" after each.
source $argv[1]
while read -l line
    complete -C (string replace -a \t ' ' -- $line) | string replace -r '\t.*' ''
    echo '== done'
end
