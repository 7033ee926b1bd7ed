#!/bin/sh
# Kills the daemon's processes at random moments under honest packets: `npm run kills -- [COUNT [SEED]]`.
set -eu
. "$(dirname "$0")/common.sh"

sh tools/prepare.sh run
as_root env KILLS="${1:-500}" ${2:+"KILLS_SEED=$2"} node node_modules/vitest/vitest.mjs run --project attacks --cache=false --configLoader runner test/attacks/kills ||
  die 'The daemons run in network namespaces: run this as root, or where sudo works.'
