// SPDX-License-Identifier: Apache-2.0
import type { Argv } from 'yargs';
import { imageParts } from './image-parts.ts';
import { callLab, endOwnLab, startDaemon } from './lab-client.ts';
import { networkParts } from './network-parts.ts';
import { statusLines } from './status-table.ts';
import { interruptSignal, print, printJson, progress } from './terminal.ts';
import { waysIn } from './ways-in.ts';

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
        .option('mode', {
          choices: ['dynamic', 'elastic-ip'] as const,
          default: 'dynamic' as const,
          describe:
            'How nodes come by their ids and addresses. elastic-ip: machines in a network of their own (root, iproute2, nftables)',
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
        .option('zone', {
          type: 'boolean',
          default: false,
          describe: 'A private hosted zone, in which the nodes keep names for clients',
        })
        .option('image', {
          type: 'boolean',
          default: false,
          describe:
            'Bake the image with build.sh, and boot it in a container for each instance (root, Debian or Ubuntu)',
        })
        .option('debian', {
          choices: [12, 13] as const,
          describe: 'Release that the image is made of, with --image (default 12)',
        })
        .option('idle-timeout', {
          type: 'number',
          describe:
            'With --image: the network forgets a TCP connection between nodes that was idle for so many seconds, as security groups do (AWS: 350 and more; never by default)',
        })
        .option('json', { type: 'boolean', default: false, describe: 'The status as one JSON object' })
        .check(({ nodes, tickSeconds, image, debian, idleTimeout }) => {
          if (image && tickSeconds !== undefined) {
            throw new Error('--tick-seconds is for machines that are processes; an image has its own cron.');
          }
          if (!image && debian !== undefined) throw new Error('--debian goes with --image.');
          if (!image && idleTimeout !== undefined) throw new Error('--idle-timeout goes with --image.');
          if (idleTimeout !== undefined && !(Number.isInteger(idleTimeout) && Number(idleTimeout) >= 1)) {
            throw new Error('--idle-timeout is a whole number of seconds from 1.');
          }
          if (nodes % 2 !== 1 || nodes < 1 || nodes > MOST_NODES) {
            throw new Error(`--nodes is an odd number from 1 to ${MOST_NODES}; scale to others later.`);
          }
          if (tickSeconds !== undefined && tickSeconds !== 'never' && !(Number(tickSeconds) >= 1)) {
            throw new Error('--tick-seconds is a number from 1, or never.');
          }
          return true;
        })
        .example('$0 up', 'three nodes, ready in a few seconds')
        .example('$0 up --nodes 1', 'a standalone server for development')
        .example('$0 up --image', 'the baked image, booted with systemd')
        .example('$0 up --name second --nodes 5', 'a second lab beside the first'),
    async ({ name, nodes, mode, productionTiming, tickSeconds, zone, image, debian, idleTimeout, json }) => {
      const signal = interruptSignal();
      if (mode === 'elastic-ip' && !image) await networkParts(progress, signal);
      const parts = image ? await imageParts(debian ?? 12, progress, signal) : undefined;
      const daemon = await startDaemon({
        name,
        nodes,
        productionTiming,
        zone,
        mode,
        ...(parts === undefined ? {} : { image: parts }),
        ...(idleTimeout === undefined ? {} : { idleTimeoutSeconds: idleTimeout }),
        ...(tickSeconds === undefined ? {} : { tickSeconds: tickSeconds === 'never' ? 'never' : Number(tickSeconds) }),
      });
      try {
        const status = await callLab(
          name,
          'healthy',
          { limitMs: HEALTHY_LIMIT_MS * (productionTiming || image ? 3 : 1) },
          { signal, hear: (frame) => frame.kind === 'progress' && progress(frame.line) },
        );
        const connect = await callLab(name, 'connect', {});
        if (json) printJson({ ...status, connect });
        else for (const line of [...statusLines(status), ...(await waysIn(name, connect))]) print(line);
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
