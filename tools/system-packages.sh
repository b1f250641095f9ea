# SPDX-License-Identifier: Apache-2.0
# tools/setup.sh sources this file. It knows what programs are called in the packages of each kind of system, so that a
# person gets the one command to run.

# Prints the command that installs these parts (node, java, maven, python) on this system; nothing where its package
# manager is not known.
install_command() {
  local part manager names=()
  manager=$(package_manager)
  for part in "$@"; do names+=("$(package_names "$manager" "$part")"); done
  local sudo=sudo\ 
  ((EUID == 0)) && sudo=
  case $manager in
    apt-get) printf '%sapt-get update && %sapt-get install -y %s\n' "$sudo" "$sudo" "${names[*]}" ;;
    dnf | yum | zypper) printf '%s%s install -y %s\n' "$sudo" "$manager" "${names[*]}" ;;
    pacman) printf '%spacman -S --needed --noconfirm %s\n' "$sudo" "${names[*]}" ;;
    apk) printf '%sapk add %s\n' "$sudo" "${names[*]}" ;;
  esac
}

package_manager() {
  local name
  for name in apt-get dnf yum zypper pacman apk; do
    if command -v "$name" >/dev/null; then
      printf '%s\n' "$name"
      return
    fi
  done
  printf 'unknown\n'
}

package_names() {
  case $1:$2 in
    zypper:node) printf 'nodejs22 npm22' ;;
    *:node) printf 'nodejs npm' ;;
    apt-get:java) printf 'default-jre-headless' ;;
    dnf:java | yum:java) printf 'java-21-openjdk-headless' ;;
    zypper:java) printf 'java-21-openjdk-headless' ;;
    pacman:java) printf 'jre21-openjdk-headless' ;;
    apk:java) printf 'openjdk21-jre-headless' ;;
    *:maven) printf 'maven' ;;
    apt-get:python) printf 'python3 python3-venv' ;;
    zypper:python) printf 'python311' ;;
    pacman:python) printf 'python' ;;
    *:python) printf 'python3' ;;
    *) printf '%s' "$2" ;;
  esac
}
