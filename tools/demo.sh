#!/bin/sh
# The demo: installs what is missing, builds, and shows one packet opening a port, in network namespaces of its own.
set -eu
. "$(dirname "$0")/common.sh"

sh tools/prepare.sh run

# Mounted in a mount namespace of the demo's own: `ip netns` keeps its names in /run.
ENTER='mount --make-rprivate / && mount -t tmpfs tmpfs /run && exec "$@"'

in_user_namespace() { unshare --user --map-root-user --net --mount sh -c "$ENTER" sh "$@"; }

if is_root; then
  # Being root is not enough inside a container, so it is tried out.
  unshare --net --mount true 2>/dev/null && exec node dist/demo/main.js
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
  as_root node dist/demo/main.js
fi
# Rather without root than with a question for a password.
if in_user_namespace sh -c 'ip netns add probe && ip netns exec probe nft list ruleset' >/dev/null 2>&1; then
  is_root || say 'Not root: the demo runs in a user namespace of its own'
  exec unshare --user --map-root-user --net --mount sh -c "$ENTER" sh node dist/demo/main.js
fi
is_root || as_root node dist/demo/main.js || true
die 'The demo makes network namespaces. Run it as root, or where sudo works, or where the kernel lets ordinary users
  make user namespaces (on Ubuntu: sysctl kernel.apparmor_restrict_unprivileged_userns=0). In a container: --privileged.'
