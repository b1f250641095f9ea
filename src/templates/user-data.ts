/**
 * The user data of an instance: a script, run once by cloud-init, that writes what differs from one stack to the next,
 * the agent's settings. Everything else is in the image. Nothing in the quoted here-document is expanded, so a value
 * may hold anything but a single quote and a line break.
 */
export const USER_DATA_TEMPLATE = `#!/bin/sh
install -d -m 0755 {{directory}}
cat > {{file}} <<'{{end}}'
{{#each lines}}
{{this}}
{{/each}}
{{end}}
`;
