#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Removes what belongs to this one machine, then fails if anything of it is left. Nothing may run on it afterwards but
# the shutdown. Packer's open connection goes on; a new one would find neither host keys nor a key that may log in.
set -euo pipefail
shopt -s nullglob

systemctl stop cron.service unattended-upgrades.service apt-daily.timer apt-daily-upgrade.timer 2>/dev/null || true

remove() {
  rm -rf -- "$@"
}

# Packages: lists that are stale when a node starts, and archives that are installed.
apt-get clean
remove /var/lib/apt/lists/* /var/cache/apt/*.bin

# Who may log in, and what was typed.
homes=(/root /home/*)
for home in "${homes[@]}"; do
  remove "$home"/.ssh "$home"/.ansible "$home"/.aws "$home"/.cache "$home"/.bash_history "$home"/.lesshst \
    "$home"/.python_history "$home"/.viminfo "$home"/.wget-hsts "$home"/.sudo_as_admin_successful
done
remove /etc/ssh/ssh_host_*

# Who this machine was: cloud-init then sees a new instance at the next boot, makes host keys, and systemd an id.
cloud-init clean --logs >/dev/null
remove /var/lib/cloud/instance /var/lib/cloud/instances
: >/etc/machine-id
if [[ ! -L /var/lib/dbus/machine-id ]]; then remove /var/lib/dbus/machine-id; fi
remove /var/lib/systemd/random-seed /var/lib/systemd/credential.secret /var/lib/dhcp/* /var/lib/systemd/timers/*

# What was logged, the journal included; directories and owners stay.
journalctl --rotate >/dev/null 2>&1 || true
remove /var/log/journal/* /run/log/journal/*
find /var/log -type f \( -name '*.gz' -o -name '*.[0-9]' -o -name '*.old' \) -delete
find /var/log -type f -exec truncate --size=0 {} +
# Packer removes its own script from /tmp when this ends.
find /tmp /var/tmp -mindepth 1 -not -name 'script_*.sh' -not -name 'systemd-private-*' -not -path '*/systemd-private-*' -delete 2>/dev/null || true

failures=0
left() {
  echo "The image would carry away what belongs to this machine: $*" >&2
  failures=$((failures + 1))
}

none() { # WHAT FILE…
  local what=$1 file found=()
  shift
  # A name without a wildcard stays a word, whether there is such a file or not.
  for file in "$@"; do
    if [[ -e $file || -L $file ]]; then found+=("$file"); fi
  done
  ((${#found[@]} == 0)) || left "$what: ${found[*]}"
}

none 'host keys' /etc/ssh/ssh_host_*
none 'keys that may log in' /root/.ssh/* /home/*/.ssh/* /etc/ssh/authorized_keys*
none 'credentials' /root/.aws /home/*/.aws /root/.netrc /home/*/.netrc
none "a cluster's settings" /etc/zookeeper-on-aws/agent.env
none "a node's data and secrets" /var/lib/zookeeper/*
none "cloud-init's memory of this instance" /var/lib/cloud/instance /var/lib/cloud/instances/*
[[ -f /etc/machine-id && ! -s /etc/machine-id ]] || left 'its id in /etc/machine-id'

keys=$(grep --recursive --files-with-matches --binary-files=without-match --devices=skip --regexp='-----BEGIN [A-Z ]*PRIVATE KEY-----' \
  /etc /root /home /opt /srv /var/lib /var/tmp 2>/dev/null || true)
[[ -z $keys ]] || left "private keys: $keys"
passwords=$(awk -F: '$2 !~ /^[!*]/ { print $1 }' /etc/shadow)
[[ -z $passwords ]] || left "users with a password, or without need of one: $passwords"

if ((failures > 0)); then exit 1; fi
sync
echo 'Nothing of this machine is left on the image.'
