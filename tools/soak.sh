#!/bin/sh
# Mixed traffic for a while, and what the daemon costs meanwhile: `npm run soak -- [SECONDS]`.
set -eu
. "$(dirname "$0")/common.sh"

sh tools/prepare.sh run
as_root env SOAK="${1:-600}" node node_modules/vitest/vitest.mjs run --project attacks --cache=false --configLoader runner test/attacks/soak ||
  die 'The daemons run in network namespaces: run this as root, or where sudo works.'
