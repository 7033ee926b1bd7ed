#!/bin/sh
# Mutation testing: `npm run mutation [-- FILE...]` changes the sources one small thing at a time, and tells which changes no
# test minds. Without FILE, all of docs/mutation.md: an hour or more.
set -eu
. "$(dirname "$0")/common.sh"

sh tools/prepare.sh
if [ $# -gt 0 ]; then
  files=$(IFS=,; printf '%s' "$*")
  set -- --mutate "$files"
fi
exec nice -n 15 node node_modules/@stryker-mutator/core/bin/stryker.js run "$@"
