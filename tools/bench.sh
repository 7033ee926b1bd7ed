#!/bin/sh
# The benches, in network namespaces: `npm run bench -- NAME [OPTION...]`.
set -eu
. "$(dirname "$0")/common.sh"

sh tools/prepare.sh run
as_root node dist/bench/main.js "$@" ||
  die 'The benches need root, to make network namespaces: run this as root, or where sudo works.'
