#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Creates, updates or deletes the stack of a ZooKeeper ensemble. `./deploy.sh --help` describes every option.
set -euo pipefail

# Your settings: take the number sign away and put your own values in. What is given as a flag wins over what stands
# here; `./deploy.sh --help` lists all that may stand here.
settings=(
  # --stackname orders
  # --vpcid vpc-0a1b2c3d4e5f60718
  # --subnets subnet-0a1b2c3d4e5f60718 subnet-1a1b2c3d4e5f60718 subnet-2a1b2c3d4e5f60718   # private, three zones
  # --numhosts 3
  # --environment production
  # --ami ami-0a1b2c3d4e5f60718       # without it: the image that build.sh made last (dist/ami-id)
  # --instancetype t3.small
  # --instancerole my-role            # without it the stack makes one
  # --clientsource sg-0a1b2c3d4e5f60718 10.0.0.0/16
  # --keyname my-key                  # without it nobody comes in by SSH
  # --sshsource 10.0.0.0/24           # a CIDR or a security group
  # --region eu-west-1
  # --profile my-profile
)

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tools/setup.sh
. "$root/tools/setup.sh"

prepare_packages "$root"
exec "$root/node_modules/.bin/node" "$root/deploy/main.ts" "${settings[@]}" -- "$@"
