#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The whole product on this machine: a local AWS, real ZooKeeper servers. `./lab.sh --help` lists the commands.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lab/setup.sh
. "$root/lab/setup.sh"
prepare "$root"
exec "$root/node_modules/.bin/node" "$root/lab/lab.ts" "$@"
