#!/bin/sh
# Everything: types, lint, the fast suites, then in network namespaces, which needs root, the end-to-end suite, the attacks of
# SECURITY.md and the comparison with the real knockd and fwknop.
set -eu
. "$(dirname "$0")/common.sh"

# Said at once, not after minutes of checks.
is_root || sudo_command >/dev/null ||
  die 'The end-to-end tests need root, to make network namespaces: run "npm test" as root, or where sudo works.'
sh tools/prepare.sh run test
npm --loglevel=error run check
# Each file has a laboratory of its own and mostly waits, so two share two processors well. Real time passes here, and a
# machine that stands still for a second can make one case too late: it gets a second chance, and the report says so.
# Root must leave nothing in an ordinary user's node_modules, hence no cache and no bundled configuration.
as_root node node_modules/vitest/vitest.mjs run --project e2e --project attacks --project peers --maxWorkers=2 --retry=1 --cache=false --configLoader runner
