#!/bin/sh
# Feeds random input to one target: `npm run fuzz -- TARGET [SECONDS]`.
set -eu
. "$(dirname "$0")/common.sh"

[ $# -ge 1 ] || die 'usage: npm run fuzz -- TARGET [SECONDS]'
sh tools/prepare.sh
FUZZ_TARGET=$1 FUZZ_SECONDS=${2:-10} exec node node_modules/vitest/vitest.mjs run --project property test/fuzz
