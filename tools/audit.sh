#!/bin/sh
# `npm run audit`: asks the registry about known faults of every locked package. Fails with 1 where it names one, and with 2
# where it gives no answer, which is no verdict.
set -eu
. "$(dirname "$0")/common.sh"

answer=$(npm audit --json 2>/dev/null) || true
printf '%s' "$answer" | node -e '
let answer = {};
try { answer = JSON.parse(require("fs").readFileSync(0, "utf8")); } catch {}
const found = answer.metadata?.vulnerabilities;
if (found === undefined) {
  const why = (answer.message ?? "no answer").replace(/ - .*/s, "");
  console.error(`The registry does not answer npm audit (${why}): nothing is known. Ask another one, or try again later.`);
  process.exit(2);
}
for (const [name, { severity, range }] of Object.entries(answer.vulnerabilities)) console.error(`${name} ${range}: ${severity}`);
console.log(`npm audit: ${found.total} known faults in ${answer.metadata.dependencies.total} packages`);
process.exit(found.total === 0 ? 0 : 1);'
