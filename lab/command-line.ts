// SPDX-License-Identifier: Apache-2.0
/** The commands of the lab. A new one is added here. */
import type { Argv } from 'yargs';
import { commandLine } from '../tools/command-line.ts';
import { addAgent } from './commands/agent.ts';
import { addCalls, addFault } from './commands/cloud.ts';
import { addDemo } from './commands/demo.ts';
import { addDeployment } from './commands/deployment.ts';
import { addDown } from './commands/down.ts';
import { addEnv } from './commands/env.ts';
import { UsageError } from './commands/lab-client.ts';
import { addLogs } from './commands/logs.ts';
import { addNodeVerbs } from './commands/nodes.ts';
import { addPartition } from './commands/partition.ts';
import { addConnect, addStatus } from './commands/status.ts';
import { speakOf } from './commands/terminal.ts';
import { addUp } from './commands/up.ts';
import { checkedName } from './daemon/state-directory.ts';

/** To parse it runs the command that the words name. Rejects with UsageError for words that are not understood. */
export function labCommandLine(words: readonly string[]): Argv {
  const cli = commandLine({
    program: './lab.sh',
    words,
    usage: '$0 [command]\n\nZooKeeper on a local AWS, on this machine. Without a command: the demo.',
    misused: (why) => new UsageError(why),
    refusesEmpty: true,
  })
    .option('name', { type: 'string', default: 'lab', describe: 'Which lab; several run side by side', global: true })
    .check(({ name }) => {
      speakOf(checkedName(name));
      return true;
    });
  addDemo(cli);
  addUp(cli);
  addStatus(cli);
  addNodeVerbs(cli);
  addPartition(cli);
  addDeployment(cli);
  addFault(cli);
  addLogs(cli);
  addConnect(cli);
  addEnv(cli);
  addCalls(cli);
  addAgent(cli);
  addDown(cli);
  return cli;
}
