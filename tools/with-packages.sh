#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the scripts of package.json, also in a fresh checkout. Installs the npm packages if they are missing. Then runs
# the command with the project's own Node and the packages' programs first in PATH.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=tools/setup.sh
. "$root/tools/setup.sh"
prepare_packages "$root"
exec "$@"
