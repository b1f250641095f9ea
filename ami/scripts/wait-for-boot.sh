#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Waits for cloud-init, which writes to the machine for a while after sshd answers.
set -euo pipefail

code=0
said=$(timeout 300 cloud-init status --wait 2>&1) || code=$?
case $code in
  0) ;;
  # Done, with something that cloud-init recovered from.
  2) echo "cloud-init has something to say: $said" ;;
  124)
    echo 'The source instance did not finish its boot (cloud-init) within 300 s.' >&2
    exit 1
    ;;
  *)
    echo "cloud-init failed on the source instance: $said" >&2
    cloud-init status --long >&2 || true
    exit 1
    ;;
esac

# Other tools want some room; a bake that runs full in its middle says less well why.
least_mib=1500
free_mib=$(df --output=avail --block-size=1M / | tail -n 1 | tr -d ' ')
if ((free_mib < least_mib)); then
  echo "The source instance has $free_mib MiB free on its disk; the bake needs $least_mib." >&2
  exit 1
fi
