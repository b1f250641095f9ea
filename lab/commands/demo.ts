import type { Argv } from 'yargs';
import { runDemo } from '../demo/demo.ts';
import { jsonScreen, plainScreen, terminalScreen } from '../demo/screen.ts';
import { STORY } from '../demo/story.ts';
import { interruption, progress } from './terminal.ts';

export function addDemo(cli: Argv<{ name: string }>): Argv {
  return cli.command(
    ['demo', '$0'],
    'Watch an ensemble form, lose nodes and come back with its data; every step is checked on the servers',
    (command) =>
      command
        .option('json', {
          type: 'boolean',
          default: false,
          describe: 'One JSON object a step: step, ok, seconds, detail',
        })
        .option('keep', { type: 'boolean', default: false, describe: 'Leave the lab running at the end' })
        .example('$0', 'the demo, on a lab called "lab"')
        .example('$0 demo --name second --keep', 'beside another lab, left running'),
    async ({ name, json, keep }) => {
      const screen = json ? jsonScreen() : process.stdout.isTTY ? terminalScreen() : plainScreen();
      const signal = interruption();
      const results = await runDemo({ name, screen, keep, signal });
      if (keep) progress(`the lab "${name}" goes on; see ./lab.sh status, end it with ./lab.sh down`);
      const complete = results.length === STORY.length && results.every((result) => result.ok);
      if (!complete && !keep) progress('with --keep the lab stays, and ./lab.sh logs shows what each agent did');
      process.exitCode = complete ? 0 : 1;
    },
  );
}
