#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Everything that continuous integration checks. `./test.sh --help` lists the stages.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lab/setup.sh
. "$root/lab/setup.sh"
prepare "$root"
exec "$root/node_modules/.bin/node" "$root/test/run.ts" "$@"
