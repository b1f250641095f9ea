// SPDX-License-Identifier: Apache-2.0
import type { Argv } from 'yargs';
import { callLab } from './lab-client.ts';
import { statusLines } from './status-table.ts';
import { print, printJson, progress } from './terminal.ts';
import { waysIn } from './ways-in.ts';

export function addStatus(cli: Argv<{ name: string }>): Argv {
  return cli.command(
    'status',
    'Instances, ZooKeeper ids and roles, asked from the servers themselves',
    (command) =>
      command
        .option('json', {
          type: 'boolean',
          default: false,
          describe: 'One JSON object, the terminated instances included',
        })
        .example('$0 status', 'a table')
        .example('$0 status --json', 'everything, for scripts'),
    async ({ name, json }) => {
      const status = await callLab(name, 'status', {});
      if (json) printJson(status);
      else for (const line of statusLines(status)) print(line);
    },
  );
}

export function addConnect(cli: Argv<{ name: string }>): Argv {
  return cli.command(
    'connect',
    'Print the connection string, for any ZooKeeper client on this machine',
    (command) => command.example('zkCli.sh -server "$($0 connect)"', 'open a shell on the ensemble'),
    async ({ name }) => {
      const servers = await callLab(name, 'connect', {});
      if (servers === '') throw new Error('No machine of the lab is on; see ./lab.sh status.');
      print(servers);
      const namespace = await callLab(name, 'namespace', {});
      if (namespace !== null) for (const line of await waysIn(name, servers)) progress(line);
    },
  );
}
