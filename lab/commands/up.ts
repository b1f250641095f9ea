import type { Argv } from 'yargs';
import { callLab, endOwnLab, startDaemon } from './lab-client.ts';
import { statusLines } from './status-table.ts';
import { interruption, print, printJson, progress } from './terminal.ts';

const HEALTHY_LIMIT_MS = 180_000;
const MOST_NODES = 9;

export function addUp(cli: Argv<{ name: string }>): Argv {
  return cli.command(
    'up',
    'Start a lab in the background: local AWS, a stack that deploy.sh deploys, a ZooKeeper server on each instance',
    (command) =>
      command
        .option('nodes', {
          type: 'number',
          default: 3,
          describe: 'Desired size of the group, an odd number from 1 to 9',
        })
        .option('production-timing', {
          type: 'boolean',
          default: false,
          describe: "The image's waits, ticks and JVM flags instead of the lab's fast ones",
        })
        .option('tick-seconds', {
          type: 'string',
          describe: 'Seconds between two recovery runs of a node, or "never" (default 5; 60 with --production-timing)',
        })
        .option('json', { type: 'boolean', default: false, describe: 'The status as one JSON object' })
        .check(({ nodes, tickSeconds }) => {
          if (nodes % 2 !== 1 || nodes < 1 || nodes > MOST_NODES)
            throw new Error(`--nodes is an odd number from 1 to ${MOST_NODES}; scale to others later.`);
          if (tickSeconds !== undefined && tickSeconds !== 'never' && !(Number(tickSeconds) >= 1)) {
            throw new Error('--tick-seconds is a number from 1, or never.');
          }
          return true;
        })
        .example('$0 up', 'three nodes, ready in a few seconds')
        .example('$0 up --nodes 1', 'a standalone server for development')
        .example('$0 up --name second --nodes 5', 'a second lab beside the first'),
    async ({ name, nodes, productionTiming, tickSeconds, json }) => {
      const signal = interruption();
      const daemon = await startDaemon({
        name,
        nodes,
        productionTiming,
        ...(tickSeconds === undefined ? {} : { tickSeconds: tickSeconds === 'never' ? 'never' : Number(tickSeconds) }),
      });
      try {
        const status = await callLab(
          name,
          'healthy',
          { limitMs: HEALTHY_LIMIT_MS * (productionTiming ? 3 : 1) },
          { signal, hear: (frame) => frame.kind === 'progress' && progress(frame.line) },
        );
        const connect = await callLab(name, 'connect', {});
        if (json) printJson({ ...status, connect });
        else for (const line of [...statusLines(status), `connect any ZooKeeper client to ${connect}`]) print(line);
      } catch (error) {
        if (signal.aborted) {
          progress('interrupted; ending the lab');
          await endOwnLab(name, daemon);
        }
        throw error;
      }
    },
  );
}
