#!/bin/sh
# Makes a small Debian 12 for test/e2e/package.test.ts, which otherwise takes this machine's own files: two minutes, once.
# Remove it with: rm -rf /var/tmp/spad-debian-bookworm
set -eu
. "$(dirname "$0")/common.sh"

tree=/var/tmp/spad-debian-bookworm
[ ! -e $tree/.complete ] || exit 0
is_root || as_root sh tools/debian-root.sh || die 'debootstrap needs root.'
command -v debootstrap >/dev/null || die 'debootstrap is missing: apt-get install debootstrap'
say "Making a Debian 12 in $tree"
rm -rf $tree
debootstrap --variant=minbase --include=libpcap0.8,nftables,man-db,iproute2,logrotate,bash-completion,systemd bookworm $tree ||
  die 'debootstrap failed, see above.'
rm -rf $tree/var/cache/apt/archives/*.deb
touch $tree/.complete
