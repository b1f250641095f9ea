#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Compiles the agent, bakes the image with Packer and Ansible, and prints its id. `./build.sh --help` describes every
# option.
set -euo pipefail

# Your settings: take the number sign away and put your own values in. What is given as a flag wins over what stands
# here; `./build.sh --help` lists all that may stand here.
settings=(
  # --zookeeper-archive apache-zookeeper-3.9.5-bin.tar.gz   # a file with its .sha512 beside it, or an https URL
  # --zookeeper-sha512 0123…          # 128 hex digits, as Apache publishes them
  # --region eu-west-1
  # --profile my-profile
  # --ami ami-0a1b2c3d4e5f60718       # without it: Debian's newest
  # --debian 12
  # --architecture x86_64             # or arm64
  # --version 1.0.0                   # of the image
  # --subnet subnet-0a1b2c3d4e5f60718
  # --ssh-interface private_ip
  # --iam-instance-profile my-profile # the bake itself needs none
  # --cloudwatch-agent amazon-cloudwatch-agent.deb
)

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tools/setup.sh
. "$root/tools/setup.sh"

# What else a bake needs is looked after when it is known what to do.
prepare_packages "$root"
exec "$root/node_modules/.bin/node" "$root/bake/main.ts" "${settings[@]}" -- "$@"
