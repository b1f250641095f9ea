# SPDX-License-Identifier: Apache-2.0
# build.sh, deploy.sh and lab/setup.sh source this file. `prepare_packages ROOT` makes Node and the npm packages ready.
# When they are ready already, this takes a few milliseconds. Afterwards PATH begins with the project's own Node.

# shellcheck source=tools/system-packages.sh
. "$(dirname "${BASH_SOURCE[0]}")/system-packages.sh"

say() {
  printf '%s\n' "$*" >&2
}

# Usage: at_least NUMBER COMMAND…; the command prints a version number, and its first part is compared.
at_least() {
  local least=$1 version
  shift
  version=$("$@" 2>/dev/null | head -n 1) || return 1
  [[ $version =~ ^[0-9]+$ ]] && ((version >= least))
}

has_node() { at_least 20 node -p 'process.versions.node.split(".")[0]' && command -v npm >/dev/null; }

# An old Node may stand first in PATH, with a newer one behind it. That one, with its npm, is put first.
prefer_new_node() {
  local candidate
  has_node && return
  while read -r candidate; do
    if at_least 20 "$candidate" -p 'process.versions.node.split(".")[0]' && [[ -x ${candidate%/*}/npm ]]; then
      export PATH="${candidate%/*}:$PATH"
      return
    fi
  done < <(type -ap node)
}

# What is missing, with the version that was found instead.
missing_node() {
  local found
  found=$(node --version 2>/dev/null) || found=
  printf 'Node 20 or later with npm%s' "${found:+ (the first in PATH is $found)}"
}

# Ends the run. Usage: refuse WHAT PART…
refuse() {
  local what=$1 command
  shift
  command=$(install_command "$@")
  if [[ -z $command ]]; then
    say "Missing: $what. Install it, then try again."
  else
    say "Missing: $what. Run this, then try again:"
    say "  $command"
  fi
  exit 1
}

# Installs the npm packages of the lock file, and again only when that file has changed. npm writes a list of its own
# into node_modules last. When that list is newer than the lock file, npm has run since the change.
install_packages() {
  local root=$1 stamp=$1/node_modules/.installed-lock
  cmp -s "$root/package-lock.json" "$stamp" && return
  [[ -x $root/node_modules/.bin/node && $root/node_modules/.package-lock.json -nt $root/package-lock.json ]] && return
  say 'Installing npm packages'
  (cd "$root" && npm ci --no-audit --no-fund --loglevel=error >&2)
  cp "$root/package-lock.json" "$stamp"
}

# Makes Node and the npm packages ready, for commands that need nothing else from the system.
prepare_packages() {
  local root=$1
  if ! cmp -s "$root/package-lock.json" "$root/node_modules/.installed-lock" || [[ ! -x $root/node_modules/.bin/node ]]; then
    prefer_new_node
    has_node || refuse "$(missing_node)" node
    mkdir -p "$root/.cache"
    exec 9>"$root/.cache/setup.lock"
    flock 9
    install_packages "$root"
    exec 9>&-
  fi
  use_packages "$root"
}

use_packages() {
  local root=$1
  export PATH="$root/node_modules/.bin:$PATH"
  # Node keeps compiled code between runs, which halves the start time of the command line.
  export NODE_COMPILE_CACHE="$root/.cache/compiled"
}
