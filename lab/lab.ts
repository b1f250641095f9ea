// SPDX-License-Identifier: Apache-2.0
/** The command line of the lab; `lab.sh` prepares the machine and runs it. */
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { addAgent } from './commands/agent.ts';
import { addCalls, addFault } from './commands/cloud.ts';
import { addDemo } from './commands/demo.ts';
import { addDeployment } from './commands/deployment.ts';
import { addDown } from './commands/down.ts';
import { UsageError } from './commands/lab-client.ts';
import { addLogs } from './commands/logs.ts';
import { addNodeVerbs } from './commands/nodes.ts';
import { addPartition } from './commands/partition.ts';
import { addConnect, addStatus } from './commands/status.ts';
import { addUp } from './commands/up.ts';

import { checkedName } from './daemon/state-directory.ts';

const FAILED = 1;
const USAGE = 2;

function fail(message: string, code: number): never {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

const cli = yargs(hideBin(process.argv))
  .scriptName('./lab.sh')
  .usage('$0 [command]\n\nZooKeeper on a local AWS, on this machine. Without a command: the demo.')
  .option('name', {
    type: 'string',
    default: 'lab',
    describe: 'Which lab; several run side by side',
    global: true,
    coerce: checkedName,
  })
  .strict()
  .version(false)
  .help()
  .wrap(Math.min(110, process.stdout.columns ?? 110))
  .fail((message, error) => {
    // For an error of a command, yargs adds no message.
    if (error && !message) throw error;
    fail(`${message}\nTry ./lab.sh --help.`, USAGE);
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
addCalls(cli);
addAgent(cli);
addDown(cli);

try {
  await cli.parseAsync();
} catch (error) {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const usage = error instanceof UsageError || name === 'TargetError';
  if (process.env.LAB_DEBUG !== undefined && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  fail(message, usage ? USAGE : FAILED);
}
