#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes a Debian system what the base of all machines is. mmdebstrap calls it with the system's root as the last thing
# that is done to it. ROLE_PACKAGES, BASE_FILES: see base.ts.
set -eu
root=$1
apt='apt-get -y -qq -o APT::Keep-Downloaded-Packages=true'

# A machine has no way out: what the image's roles install is here before, with all that it depends on and with what
# it recommends, whichever a role asks for.
rm -f "$root"/var/cache/apt/archives/*.deb
for recommends in true false; do
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive chroot "$root" $apt -o APT::Install-Recommends=$recommends \
    install --download-only $ROLE_PACKAGES
done
if ! ls "$root"/var/cache/apt/archives/*.deb >/dev/null 2>&1; then
  echo 'none of the packages that the roles install was downloaded' >&2
  exit 1
fi
mkdir -p "$root/var/lib/apt/periodic"
touch "$root/var/lib/apt/periodic/update-success-stamp"

cp -R --no-preserve=ownership,mode "$BASE_FILES/." "$root/"

# What each machine makes anew or is told, and what belongs to this host.
rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/hostname" "$root/var/lib/dbus/machine-id" "$root/var/lib/systemd/random-seed"
: >"$root/etc/machine-id"
rm -f "$root/etc/resolv.conf"
: >"$root/etc/resolv.conf"
rm -f "$root/etc/apt/apt.conf.d/99mmdebstrap" "$root/etc/dpkg/dpkg.cfg.d/99mmdebstrap"
