#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Boots a machine; container.ts calls it with all input in the environment. There are three stages. Each replaces the
# one before, except for the fork between the second and the third:
#   join     joins the machine's control groups, and makes sure that it dies with the daemon
#   isolate  makes namespaces of processes and mounts. Their first process is the last stage: when it dies, all ends
#   boot     mounts the disk where no other process sees it. Then systemd-nspawn boots what is on it
set -eu

case $1 in
  join)
    for procs in $GROUP_FILES; do echo $$ >"$procs"; done
    exec setpriv --pdeathsig KILL -- "$0" isolate
    ;;
  isolate)
    # The daemon may have died before this process asked for the signal. Then nothing would ever end the machine.
    while read -r key value; do
      if [ "$key" = PPid: ] && [ "$value" != "$DAEMON" ]; then exit 1; fi
    done </proc/self/status
    exec unshare --mount --propagation slave --pid --fork --mount-proc --kill-child=KILL -- "$0" boot
    ;;
  boot)
    if [ -n "${BOUNDED_DISK:-}" ]; then
      # The loop device ends with the mount.
      mount -o loop "$BOUNDED_DISK" "$BOUNDED_DISK_MOUNT"
      mkdir -p "$BOUNDED_DISK_MOUNT/upper" "$BOUNDED_DISK_MOUNT/work"
      unset BOUNDED_DISK BOUNDED_DISK_MOUNT
    fi
    mount -t overlay overlay -o "$DISK" "$ROOT"
    # In a container systemd-sysctl does nothing, as /proc/sys can't be written. What the image sets of its network is
    # the machine's own all the same: it belongs to its namespace.
    cat "$ROOT"/etc/sysctl.d/*.conf 2>/dev/null |
      sed -n 's/^ *\(net\.[A-Za-z0-9_.]*\) *= *\([^ ]*\) *$/\1 \2/p' |
      while read -r key value; do
        nsenter --net="$NETWORK" sh -c 'echo "$2" >"/proc/sys/$(echo "$1" | tr . /)"' sh "$key" "$value" || true
      done
    unset DISK GROUP_FILES DAEMON
    # CAP_SYS_TIME is left out, because the clock is the host's. A machine's root may change its own network.
    exec systemd-nspawn --quiet --boot --settings=no --register=no --keep-unit --link-journal=no \
      --resolv-conf=off --timezone=off --console=read-only --capability=CAP_NET_ADMIN \
      --network-namespace-path="$NETWORK" --machine="$MACHINE" --hostname="$HOST_NAME" --directory="$ROOT" \
      ${PARAMETERS:+"$PARAMETERS"}
    ;;
esac
