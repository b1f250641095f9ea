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

# The programs that the system must have, and the Debian packages that have them.
check_system() {
  local missing=() packages=() installer=(dnf install -y)
  if command -v zypper >/dev/null; then installer=(zypper install -y); fi
  has_node || { missing+=('Node 20 or later with npm') && packages+=(nodejs npm); }
  has_java || { missing+=('Java 17 or later') && packages+=(default-jre-headless); }
  has_maven || { missing+=('Maven') && packages+=(maven); }
  has_python || { missing+=('Python 3.11 or later with venv') && packages+=(python3 python3-venv); }
  ((${#missing[@]} == 0)) && return
  local list
  list=$(printf '%s, ' "${missing[@]}")
  list=${list%, }
  if ! command -v apt-get >/dev/null; then
    say "Missing: $list. Run this with the names that your system has for them, then try again:"
    say "  sudo ${installer[*]} ${packages[*]}"
    exit 1
  fi
  if ((EUID != 0)); then
    say "Missing: $list. Run this, then try again:"
    say "  sudo apt-get update && sudo apt-get install -y ${packages[*]}"
    exit 1
  fi
  say "Missing: $list. Installing with apt-get: ${packages[*]}"
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${packages[@]}" >&2
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
