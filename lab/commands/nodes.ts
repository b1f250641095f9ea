// SPDX-License-Identifier: Apache-2.0
/** The verbs that act on nodes. */
import type { Argv } from 'yargs';
import type { Killable } from '../hypervisor/machine.ts';
import { callLab } from './lab-client.ts';
import { printJson, progress } from './terminal.ts';

const TARGET = 'An instance (or the beginning of its id), a ZooKeeper id, leader, minority, majority or all';

function targeted(command: Argv<{ name: string }>) {
  return command
    .positional('target', { type: 'string', demandOption: true, describe: TARGET })
    .option('json', { type: 'boolean', default: false, describe: 'The result as one JSON object' });
}

function tell(json: boolean, done: string, instances: readonly string[]): void {
  if (json) printJson({ [done]: instances });
  else progress(`${done}: ${instances.join(', ')}`);
}

const SIMPLE = [
  ['terminate', 'terminated', 'Terminate instances through EC2; the group replaces them', 'majority'],
  ['pause', 'paused', 'Stop everything of the nodes with SIGSTOP, as a hung host does', 'leader'],
  ['resume', 'resumed', 'Let paused nodes go on (SIGCONT)', 'all'],
  ['reboot', 'rebooted', 'Pull the plug of the nodes and boot them again with their disks', '2'],
] as const;

export function addNodeVerbs(cli: Argv<{ name: string }>): void {
  for (const [verb, done, description, example] of SIMPLE) {
    cli.command(
      `${verb} <target>`,
      description,
      (command) => targeted(command).example(`$0 ${verb} ${example}`, ''),
      async ({ name, target, json }) => tell(json, done, await callLab(name, verb, { target })),
    );
  }
  addKill(cli);
  addScale(cli);
  addForget(cli);
}

function addKill(cli: Argv<{ name: string }>): void {
  cli.command(
    'kill <target> [what]',
    'Kill -9 ZooKeeper, the running agent, or both on the nodes',
    (command) =>
      targeted(command)
        .positional('what', {
          choices: ['zookeeper', 'agent', 'both'] as const satisfies readonly Killable[],
          default: 'zookeeper' as Killable,
          describe: 'Which processes',
        })
        .example('$0 kill leader', "kill the leader's server")
        .example('$0 kill 3 both', 'kill server and agent of id 3'),
    async ({ name, target, what, json }) => {
      const results = await callLab(name, 'kill', { target, what });
      if (json) return printJson({ killed: results });
      for (const { instance, killed } of results) {
        progress(
          killed.length === 0
            ? `${instance}: nothing to kill`
            : `${instance}: killed ${killed.map(({ pid }) => pid).join(', ')}`,
        );
      }
    },
  );
}

function addScale(cli: Argv<{ name: string }>): void {
  cli.command(
    'scale <nodes>',
    "Set the group's desired size",
    (command) =>
      command
        .positional('nodes', { type: 'number', demandOption: true, describe: 'Number of nodes, 0 to 9' })
        .check(({ nodes }) => {
          if (!Number.isInteger(nodes) || nodes < 0 || nodes > 9) {
            throw new Error('scale takes a whole number from 0 to 9.');
          }
          return true;
        })
        .example('$0 scale 5', 'grow to five, one after the other'),
    async ({ name, nodes }) => {
      const { group, minimum, maximum } = await callLab(name, 'scale', { nodes });
      if (minimum !== undefined) progress(limitChanged(group, 'below the minimum', 'min-size', minimum));
      if (maximum !== undefined) progress(limitChanged(group, 'above the maximum', 'max-size', maximum));
      progress(`the group wants ${nodes} nodes now; ./lab.sh status shows how it gets there`);
    },
  );
}

/** What the lab allows at once and AWS does not. */
function limitChanged(group: string, where: string, flag: string, { from, to }: { from: number; to: number }): string {
  const command = `aws autoscaling update-auto-scaling-group --auto-scaling-group-name ${group} --${flag} ${to}`;
  return `AWS refuses a desired size ${where} of ${from}; the lab has changed that first, as this does: ${command}`;
}

function addForget(cli: Argv<{ name: string }>): void {
  cli.command(
    'forget <instance>',
    'Let EC2 forget a terminated instance now, as it does after an hour',
    (command) =>
      command
        .positional('instance', { type: 'string', demandOption: true, describe: 'The id of a terminated instance' })
        .example('$0 forget i-0123456789abcdef0', ''),
    async ({ name, instance }) => {
      await callLab(name, 'forget', { instance });
      progress(`EC2 knows ${instance} no more`);
    },
  );
}
