# SPDX-License-Identifier: Apache-2.0
# lab.sh and test.sh source this file. `prepare ROOT` makes everything that they need, and prints a line for each slow
# part. When all is there, this costs a few milliseconds. Afterwards PATH begins with the project's own Node.
# shellcheck source=tools/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/../tools/setup.sh"

java_major() {
  java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p'
}

has_java() { at_least 17 java_major; }
has_maven() { [[ -n ${ZOOKEEPER_HOME:-} ]] || command -v mvn >/dev/null; }
has_python() { at_least 311 python3 -c 'import sys, venv, ensurepip; print(sys.version_info[0] * 100 + sys.version_info[1])'; }

# ZOOKEEPER_HOME takes the place of Maven, so it must have what Maven would fetch.
check_zookeeper_home() {
  local home=${ZOOKEEPER_HOME:-}
  [[ -z $home || -d $home/lib ]] && return
  say "ZOOKEEPER_HOME is $home, and no unpacked ZooKeeper is there. Without it Maven fetches one; run this, then try again:"
  say '  unset ZOOKEEPER_HOME'
  exit 1
}

# A server reads zoo.cfg as ISO 8859-1, so it would find none of its files, and never serve.
check_path() {
  local root=$1 elsewhere=${HOME:-}/zookeeper-on-aws
  is_plain "$root" && return
  is_plain "$elsewhere" || elsewhere=/var/tmp/zookeeper-on-aws
  say "ZooKeeper reads no path with letters outside of ASCII, and this checkout is at $root. Run this, then try again there:"
  say "  mv '${root//\'/\'\\\'\'}' '$elsewhere'"
  exit 1
}

is_plain() {
  ! LC_ALL=C grep -q '[^ -~]' <<<"$1"
}

# The programs that the system must have. Installs what is missing where it may.
check_system() {
  local missing=() parts=()
  check_zookeeper_home
  prefer_new_node
  has_node || { missing+=("$(missing_node)") && parts+=(node); }
  has_java || { missing+=('Java 17 or later') && parts+=(java); }
  has_maven || { missing+=('Maven') && parts+=(maven); }
  has_python || { missing+=('Python 3.11 or later with venv') && parts+=(python); }
  ((${#missing[@]} == 0)) && return
  local list
  list=$(printf '%s, ' "${missing[@]}")
  list=${list%, }
  if [[ $(package_manager) != apt-get ]] || ((EUID != 0)); then
    refuse "$list" "${parts[@]}"
  fi
  local part packages=()
  for part in "${parts[@]}"; do packages+=("$(package_names apt-get "$part")"); done
  say "Missing: $list. Installing with apt-get: ${packages[*]}"
  apt-get update -qq >&2
  # shellcheck disable=SC2086 # A part may have several packages.
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq ${packages[*]} >&2
  if ! has_node || ! has_java || ! has_maven || ! has_python; then
    say "This system's packages are too old for: $list. Install newer ones by hand, then run this again."
    exit 1
  fi
}

# All inputs of the setup, in one line.
wanted_setup() {
  local root=$1
  {
    cat "$root/package-lock.json" "$root/cloud/moto/requirements.txt" "$root/lab/zookeeper/pom.xml"
    printf '%s\n' "$root" "${ZOOKEEPER_HOME:-}" "$(command -v java python3)"
  } | cksum
}

prepare() {
  local root=$1 stamp=$1/.cache/setup wanted
  check_path "$root"
  wanted=$(wanted_setup "$root" 2>/dev/null || true)
  if [[ -z $wanted || ! -x $root/node_modules/.bin/node || ! -f $stamp || $(<"$stamp") != "$wanted" ]]; then
    check_system
    # Two setups at once would install into the same directories.
    mkdir -p "$root/.cache"
    exec 9>"$root/.cache/setup.lock"
    flock 9
    install_packages "$root"
    "$root/node_modules/.bin/node" "$root/lab/prepare.ts"
    wanted_setup "$root" >"$stamp"
    exec 9>&-
  fi
  use_packages "$root"
}
