// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Argv } from 'yargs';
import { runDemo, tellDemo } from '../demo/demo.ts';
import { jsonScreen, plainScreen, type StepResult, terminalScreen } from '../demo/screen.ts';
import { IMAGE_PATIENCE, IMAGE_STORY, STORY } from '../demo/story.ts';
import { imageParts } from './image-parts.ts';
import { endOwnLab, entering, startDaemon } from './lab-client.ts';
import { interruptSignal, progress } from './terminal.ts';

const NODES = 3;
/** Set in the process that runs the story inside the lab's network namespace. */
const INSIDE = 'ZOOKEEPER_DEMO_INSIDE';

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
        .option('image', {
          type: 'boolean',
          default: false,
          describe: 'On the image that build.sh bakes, booted in containers (root, Debian or Ubuntu)',
        })
        .example('$0', 'the demo, on a lab called "lab"')
        .example('$0 demo --image', 'the same on the baked image')
        .example('$0 demo --name second --keep', 'beside another lab, left running'),
    async ({ name, json, keep, image }) => {
      const signal = interruptSignal();
      if (image && process.env[INSIDE] === undefined) {
        process.exitCode = await demoInNetwork(name, keep, signal);
        return;
      }
      const screen = json ? jsonScreen() : process.stdout.isTTY ? terminalScreen() : plainScreen();
      const results = await (image
        ? tellDemo({ name, screen, signal }, IMAGE_STORY, IMAGE_PATIENCE)
        : runDemo({ name, screen, keep, signal }));
      process.exitCode = told(results, image ? IMAGE_STORY.length : STORY.length, keep);
    },
  );
}

/** Returns the exit code. */
function told(results: readonly StepResult[], steps: number, keep: boolean): number {
  if (keep) progress('the lab goes on; see ./lab.sh status, end it with ./lab.sh down');
  const complete = results.length === steps && results.every((result) => result.ok);
  if (!complete && !keep) progress('with --keep the lab stays, and ./lab.sh logs shows what each agent did');
  return complete ? 0 : 1;
}

/**
 * The demo's own client talks to the servers, and their addresses exist only in the lab's network. So this runs the
 * same command again inside that network. Resolves with its exit code.
 */
async function demoInNetwork(name: string, keep: boolean, signal: AbortSignal): Promise<number> {
  const image = await imageParts(12, progress, signal);
  const daemon = await startDaemon({ name, nodes: NODES, productionTiming: false, image });
  try {
    const [program = '', ...words] = entering(`zk-${name}`, process.argv);
    // A person's Ctrl-C reaches both processes.
    const child = spawn(program, words, { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } });
    const stop = (): void => void child.kill();
    signal.addEventListener('abort', stop, { once: true });
    const [code] = await once(child, 'close');
    signal.removeEventListener('abort', stop);
    signal.throwIfAborted();
    return typeof code === 'number' ? code : 1;
  } finally {
    if (!keep || signal.aborted) await endOwnLab(name, daemon);
  }
}
