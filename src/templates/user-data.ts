// SPDX-License-Identifier: Apache-2.0
/**
 * The user data of an instance: a script that writes what differs from one stack to the next, the agent's settings.
 * Everything else is in the image.
 *
 * As a `#cloud-boothook` (cloud-init, "User data formats") it runs at every boot, early in cloud-init's network stage;
 * a plain script would run once, as the last of the first boot, and never again if that boot was cut off. The file
 * appears whole or not at all, also after a power cut. Nothing in the quoted here-document is expanded, so a value may
 * hold anything but a single quote and a line break.
 */
export const USER_DATA_TEMPLATE = `#cloud-boothook
#!/bin/sh
set -eu
umask 022
mkdir -p {{directory}}
cat > {{file}}.new <<'{{end}}'
{{#each lines}}
{{this}}
{{/each}}
{{end}}
sync {{file}}.new
mv -f {{file}}.new {{file}}
sync {{directory}}
`;
