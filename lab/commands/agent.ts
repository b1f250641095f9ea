// SPDX-License-Identifier: Apache-2.0
import type { Argv } from 'yargs';
import { callLab } from './lab-client.ts';
import { interruptSignal } from './terminal.ts';

export function addAgent(cli: Argv<{ name: string }>): Argv {
  return cli.command(
    'agent <target> [arguments..]',
    'Run zk-agent with these arguments on one node; its exit code is the result',
    (command) =>
      command
        .positional('target', {
          type: 'string',
          demandOption: true,
          describe: 'An instance, a ZooKeeper id, or leader',
        })
        .positional('arguments', {
          type: 'string',
          array: true,
          default: [] as string[],
          describe: 'What zk-agent is given',
        })
        // Everything after the target, also its flags, is for the agent.
        .parserConfiguration({ 'unknown-options-as-args': true })
        .example('$0 agent 1 status', 'what node 1 sees and would do')
        .example(
          '$0 agent 1 recovery --dry-run',
          'flags of the agent too; only --help and --name need a -- before them',
        ),
    async ({ name, target, arguments: before, _: after }) => {
      // yargs keeps the words after a double dash separate, behind the command's own name.
      const args = [...before, ...after.slice(1).map(String)];
      const { code, signal } = await callLab(
        name,
        'agent',
        { target, arguments: args },
        {
          signal: interruptSignal(),
          hear: (frame) => {
            if (frame.kind === 'output') process[frame.stream].write(frame.text);
          },
        },
      );
      if (signal !== null) process.stderr.write(`zk-agent was ended by ${signal}\n`);
      process.exitCode = code ?? 1;
    },
  );
}
