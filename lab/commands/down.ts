// SPDX-License-Identifier: Apache-2.0
import type { Argv } from 'yargs';
import { endLab } from './lab-client.ts';
import { printJson, progress } from './terminal.ts';

export function addDown(cli: Argv<{ name: string }>): Argv {
  return cli.command(
    'down',
    'End the lab: every process and its directory go, also after a crash',
    (command) =>
      command
        .option('json', { type: 'boolean', default: false, describe: 'The result as one JSON object' })
        .example('$0 down', 'end the lab "lab"'),
    async ({ name, json }) => {
      const ended = await endLab(name);
      if (json) printJson({ name, ended });
      else progress(ended === 0 ? `nothing of the lab "${name}" was running` : `the lab "${name}" is down`);
    },
  );
}
