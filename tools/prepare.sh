#!/bin/sh
# Makes a machine with only Node.js and git ready: `tools/prepare.sh [run] [test]`.
#   run    what the daemon needs to open a port
#   test   what the end-to-end tests need besides
# A compiler is added to these only when the pcap addon has yet to be built. Quiet where nothing is missing.
set -eu
. "$(dirname "$0")/common.sh"

# What has to be there (a command, or a file), the Debian package that brings it, and why, by occasion.
needs() {
  case $1 in
  build)
    echo 'cc gcc to compile the pcap addon'
    echo 'g++ g++ to compile the pcap addon'
    echo 'make make to compile the pcap addon'
    echo 'python3 python3 to compile the pcap addon'
    echo '/usr/include/pcap/pcap.h libpcap-dev to capture packets'
    ;;
  run)
    echo 'nft nftables the firewall'
    echo 'ip iproute2 network namespaces'
    ;;
  test)
    # A test that runs one more program adds it here. Debian does not start knockd or fwknopd: neither is enabled, and
    # the keys that fwknopd comes with are refused by it. It would start sshd: see keep_sshd_down.
    echo 'tcpdump tcpdump to check what is on the wire'
    echo 'knockd knockd to compare ours with'
    echo 'fwknop fwknop-client to compare ours with'
    echo 'fwknopd fwknop-server to compare ours with'
    echo 'zbarimg zbar-tools to read QR codes'
    echo 'wget wget to ask over HTTP'
    echo 'gpg gnupg to seal packets with GnuPG'
    echo 'nmap nmap to knock by scanning'
    echo 'hping3 hping3 to knock with odd packets'
    echo 'nc netcat-openbsd to knock and to send codes by hand'
    echo 'iptables iptables what doors and grants open'
    echo 'ipset ipset to keep grants in sets'
    echo 'python3 python3 to write frames by hand'
    echo '/usr/sbin/sshd openssh-server to come in through the guard'
    echo 'ssh openssh-client to come in through the guard'
    echo 'firewall-cmd firewalld to keep grants in'
    echo 'dbus-daemon dbus to speak to firewalld by'
    echo 'ufw ufw to keep grants in'
    echo '/usr/share/bash-completion/bash_completion bash-completion to complete command lines in'
    echo 'zsh zsh to complete command lines in'
    echo 'fish fish to complete command lines in'
    echo 'mandoc mandoc to read manual pages strictly'
    echo 'jq jq to read audit logs as the documentation does'
    echo 'openssl openssl to certify a web server'
    echo 'logrotate logrotate to rotate logs'
    echo 'journalctl systemd to keep a journal'
    echo 'fail2ban-regex fail2ban to count rejections as it does'
    echo '/usr/lib/python3/dist-packages/prometheus_client python3-prometheus-client to read metrics'
    ;;
  *) die "tools/prepare.sh: no such occasion: $1" ;;
  esac
}

present() {
  case $1 in
  /*) [ -e "$1" ] ;;
  *) command -v "$1" >/dev/null ;;
  esac
}

# Runs a command silently; its output is shown only if it fails.
quietly() {
  log=$(mktemp)
  if "$@" >"$log" 2>&1; then
    rm -f "$log"
  else
    # A compiler tells the cause at the end, npm at the beginning.
    if [ "$(wc -l <"$log")" -gt 80 ]; then
      { head -n 30 "$log"; echo '[…]'; tail -n 50 "$log"; } >&2
    else
      cat "$log" >&2
    fi
    rm -f "$log"
    return 1
  fi
}

check_node() {
  command -v node >/dev/null || die 'Node.js is missing: install version 20.19 or newer (https://nodejs.org), then run this again.'
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    die "Node.js $(node -p process.versions.node) is too old: version 20.19 or newer is needed (https://nodejs.org)."
  command -v npm >/dev/null || die 'npm is missing: it comes with Node.js, or as the package npm.'
}

# A machine without an SSH server must not become one by running tests: Debian's own way to install it and not start it.
keep_sshd_down() {
  flag=/etc/ssh/sshd_not_to_be_run
  [ ! -e $flag ] || return 0
  say "The SSH server is not started, now or later: remove $flag where you want it."
  $1 mkdir -p /etc/ssh
  $1 touch $flag
}

# install_packages OCCASION...: only what is missing, through apt-get, after saying what and why.
install_packages() {
  missing=''
  for occasion in "$@"; do
    lines=$(needs "$occasion")
    while read -r probe package why; do
      present "$probe" && continue
      [ -n "$missing" ] || say 'Some programs are missing on this machine:'
      printf '    %-14s %s\n' "$package" "$why" >&2
      missing="$missing $package"
    done <<LINES
$lines
LINES
  done
  [ -n "$missing" ] || return 0
  command -v apt-get >/dev/null || die "There is no apt-get here: install these by the system's own means, then run this again:$missing"
  if is_root; then
    sudo=''
  else
    sudo=$(sudo_command) || die "Installing needs root. Run this command as root, then run this again:
    apt-get update && apt-get install --no-install-recommends -y$missing"
  fi
  case "$missing " in *' firewalld '*) keep_asleep firewalld.service "$sudo" ;; esac
  case "$missing " in *' fail2ban '*) keep_asleep fail2ban.service "$sudo" ;; esac
  say "Installing with apt-get:$missing"
  case "$missing " in *' openssh-server '*) keep_sshd_down "$sudo" ;; esac
  # A stale list may still do: only the installation itself has to succeed.
  quietly $sudo apt-get -q update || say 'apt-get update failed; trying with the lists that are there'
  quietly $sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 \
    install --no-install-recommends --no-remove -y $missing || die "apt-get could not install:$missing"
}

# keep_asleep UNIT SUDO: Debian starts a service when it is installed, and at each boot. What only tests run, in
# namespaces, must not touch the firewall of this machine.
keep_asleep() {
  [ -d /run/systemd/system ] || return 0
  say "Masking $1, so that it does not touch the firewall of this machine (undo: systemctl unmask $1)"
  quietly $2 systemctl mask "$1" || die "systemctl could not mask $1, so it is not installed."
}

# The addon is bound to the major version of Node.js that it was built for, so only loading it tells.
addon_loads() {
  node -e 'process.dlopen({ exports: {} }, require("node:path").resolve("node_modules/pcap/build/Release/pcap_binding.node"))' 2>/dev/null
}

# headers_fit DIR: whether the headers under it are those of this very Node.js; any other version's would be wrong.
headers_fit() {
  version="$1/include/node/node_version.h"
  [ -r "$version" ] || return 1
  headers=$(awk '/#define NODE_(MAJOR|MINOR|PATCH)_VERSION/ { printf "%s%s", dot, $3; dot = "." }' "$version")
  [ "$headers" = "$(node -p process.versions.node)" ]
}

# Headers that came with this Node.js spare the compiler a download; those that npm was told of may be of another one.
use_own_headers() {
  if [ -n "${npm_config_nodedir:-}" ] && headers_fit "$npm_config_nodedir"; then return 0; fi
  unset npm_config_nodedir
  prefix=$(dirname "$(dirname "$(node -p process.execPath)")")
  if headers_fit "$prefix"; then export npm_config_nodedir="$prefix"; fi
}

npm_quiet() { quietly npm --loglevel=error --no-audit --no-fund "$@"; }

# npm writes this list last, so it is older than the lock file exactly when something may have changed.
modules_stale() {
  [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]
}

install_modules() {
  use_own_headers
  if modules_stale; then
    say 'Installing the npm packages (npm ci)'
    npm_quiet ci --include=dev || die 'npm ci failed, see above.'
  fi
  addon_loads && return 0
  say "Building the pcap addon for Node.js $(node -p process.versions.node)"
  npm_quiet rebuild pcap --ignore-scripts=false || die 'The pcap addon could not be compiled, see above. Once that is cured: npm rebuild pcap'
  addon_loads || die 'The pcap addon was built but cannot be loaded. Try: rm -rf node_modules && npm ci'
}

build() {
  if [ -e dist/.built ] && [ -z "$(find src server client keys launch tools test/support bench demo package.json tsconfig.json \
    tsconfig.build.json node_modules/.package-lock.json -newer dist/.built -print 2>/dev/null | head -n 1)" ]; then
    return 0
  fi
  say 'Building (npm run build)'
  quietly npm --loglevel=error run build || die 'The build failed, see above.'
  touch dist/.built
}

check_node
if modules_stale || ! addon_loads; then set -- build "$@"; fi
install_packages "$@"
install_modules
build
