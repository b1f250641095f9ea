#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The scripts of package.json in a fresh checkout, too: installs the npm packages where they are missing, then runs the
# command with the project's own Node and the packages' programs first in PATH.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=tools/setup.sh
. "$root/tools/setup.sh"
prepare_packages "$root"
exec "$@"
