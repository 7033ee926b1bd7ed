#!/bin/sh
# Makes a small Debian for the tests of the package, which otherwise take this machine's own files: two minutes, once.
#   tools/debian-root.sh            Debian 12, which is then used by itself
#   tools/debian-root.sh trixie     Debian 13, for tests that are run with DEBIAN=trixie
# Remove it with: rm -rf /var/tmp/spad-debian-bookworm (or -trixie)
set -eu
. "$(dirname "$0")/common.sh"

suite=${1:-bookworm}
case $suite in
bookworm) libpcap=libpcap0.8 ;;
trixie) libpcap=libpcap0.8t64 ;;
*) die "$suite is neither bookworm nor trixie." ;;
esac
tree=/var/tmp/spad-debian-$suite
[ ! -e $tree/.complete ] || exit 0
is_root || as_root sh tools/debian-root.sh "$suite" || die 'debootstrap needs root.'
command -v debootstrap >/dev/null || die 'debootstrap is missing: apt-get install debootstrap'
say "Making a Debian ($suite) in $tree"
rm -rf $tree
debootstrap --variant=minbase "$suite" $tree || die 'debootstrap failed, see above.'
# Not by debootstrap's --include: that of Debian 12 cannot put Debian 13's systemd in.
DEBIAN_FRONTEND=noninteractive chroot $tree apt-get install -y --no-install-recommends \
  $libpcap nftables man-db iproute2 logrotate bash-completion systemd || die 'apt-get failed, see above.'
rm -rf $tree/var/cache/apt/archives/*.deb
touch $tree/.complete
