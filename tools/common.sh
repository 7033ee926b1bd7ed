# Sourced by the other tools: where the repository is, how to speak, how to become root. POSIX sh.

cd "$(dirname "$0")/.." || exit 1

# An ordinary user's PATH often lacks the folders of nft and ip.
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
export PATH

say() { printf '· %s\n' "$*" >&2; }

die() {
  printf '\n✗ %s\n' "$*" >&2
  exit 1
}

is_root() { [ "$(id -u)" -eq 0 ]; }

# The sudo command that can work here, or nothing. A password is asked only of somebody who sits there.
sudo_command() {
  command -v sudo >/dev/null || return 1
  if sudo -n true 2>/dev/null; then
    echo 'sudo -n'
  elif [ -t 0 ] && [ -t 2 ]; then
    echo 'sudo'
  else
    return 1
  fi
}

# as_root COMMAND ARG...: replaces this shell by the command, run as root. Sudo resets PATH, which may hold the only
# Node of the machine, so it is handed over.
as_root() {
  is_root && exec "$@"
  sudo=$(sudo_command) || return 1
  exec $sudo env "PATH=$PATH" ${NO_COLOR+"NO_COLOR=$NO_COLOR"} "$@"
}
