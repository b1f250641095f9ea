// SPDX-License-Identifier: Apache-2.0
/** The verbs that cut and restore links between machines. */
import type { Argv } from 'yargs';
import { callLab } from './lab-client.ts';
import { printJson, progress } from './terminal.ts';

const WHO = 'An instance, a ZooKeeper id, leader, minority, majority or all';

export function addPartition(cli: Argv<{ name: string }>): void {
  cli.command(
    'partition <from> <to>',
    'Cut the links between nodes, without a sound, as a network does that fails (labs of up --image)',
    (command) =>
      command
        .positional('from', { type: 'string', demandOption: true, describe: `Who is cut off. ${WHO}` })
        .positional('to', { type: 'string', demandOption: true, describe: `From whom; all means everybody else` })
        .option('one-way', {
          type: 'boolean',
          default: false,
          describe: 'Only what the first send is lost; what is sent to them arrives',
        })
        .option('aws', {
          type: 'boolean',
          default: false,
          describe: "The first lose AWS too: its API, the metadata service, and the lab's own looks at them",
        })
        .option('json', { type: 'boolean', default: false, describe: 'The cuts that stand, as one JSON object' })
        .example('$0 partition leader all', 'the leader is alone')
        .example('$0 partition 2 3 --one-way', 'id 3 no longer hears id 2'),
    async ({ name, from, to, oneWay, aws, json }) => {
      const cuts = await callLab(name, 'partition', { from, to, oneWay, aws });
      if (json) return printJson({ cuts });
      for (const cut of cuts) progress(`cut: nothing that ${cut.from} sends reaches ${cut.to}`);
    },
  );
  cli.command(
    'heal',
    'Restore every link that partition has cut',
    (command) => command.example('$0 heal', ''),
    async ({ name }) => {
      await callLab(name, 'heal', {});
      progress('every link is whole');
    },
  );
}
