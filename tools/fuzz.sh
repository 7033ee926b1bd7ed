#!/bin/sh
# Looks for inputs that a decoder cannot take: `npm run fuzz -- TARGET|all [SECONDS]` (docs/fuzzing.md).
set -eu
. "$(dirname "$0")/common.sh"

sh tools/prepare.sh
node dist/tools/fuzz-bundle.js build/fuzz/fuzzer.mjs
exec node --enable-source-maps build/fuzz/fuzzer.mjs "$@"
