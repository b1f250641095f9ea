// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Argv } from 'yargs';
import { StateDirectory } from '../daemon/state-directory.ts';
import { BOOTSTRAP_UNIT, JOURNAL, RECOVERY_LOG, rootOf, ZOOKEEPER_UNIT } from '../hypervisor/image-log.ts';
import { callLab, UsageError } from './lab-client.ts';
import { interruptSignal } from './terminal.ts';

const FOLLOW_MS = 200;

export function addLogs(cli: Argv<{ name: string }>): Argv {
  return cli.command(
    'logs <target>',
    "Print a node's log: the agent's JSON lines, or the ZooKeeper server's",
    (command) =>
      command
        .positional('target', {
          type: 'string',
          demandOption: true,
          describe: 'An instance (the terminated too), a ZooKeeper id, or leader',
        })
        .option('zookeeper', { type: 'boolean', default: false, describe: "The server's log instead of the agent's" })
        .option('follow', {
          type: 'boolean',
          alias: 'f',
          default: false,
          describe: 'Go on with what is written from now on',
        })
        .example('$0 logs leader --follow', "follow the leader's agent"),
    async ({ name, target, zookeeper, follow }) => {
      const directory = await machineDirectory(name, target);
      const signal = interruptSignal();
      if (StateDirectory.ofLab(name).containersOf() !== undefined) {
        return imageLogs(directory, zookeeper, follow, signal);
      }
      await copyOut(join(directory, 'log', zookeeper ? 'zookeeper.log' : 'agent.log'), follow, signal);
    },
  );
}

/** The machines of terminated instances keep their directory, but the daemon no longer lists them. */
async function machineDirectory(name: string, target: string): Promise<string> {
  const { machines } = StateDirectory.ofLab(name);
  const found = existsSync(machines) ? readdirSync(machines).filter((each) => each.startsWith(target)) : [];
  const [only] = found;
  if (found.length === 1 && only !== undefined) return join(machines, only);
  const [instance, ...others] = await callLab(name, 'resolve', { target });
  if (instance === undefined || others.length > 0) {
    throw new UsageError(`"${target}" means ${others.length + 1} nodes; name one.`);
  }
  return join(machines, instance);
}

/**
 * The agent of an image writes to the journal at boot, and to a file when cron runs it. The server writes to the
 * journal.
 */
async function imageLogs(directory: string, zookeeper: boolean, follow: boolean, signal: AbortSignal): Promise<void> {
  const root = rootOf(directory);
  const unit = zookeeper ? ZOOKEEPER_UNIT : BOOTSTRAP_UNIT;
  const journal = printJournal(join(root, JOURNAL), unit, follow, signal);
  if (zookeeper) return journal;
  if (!follow) await journal;
  const recovery = join(root, RECOVERY_LOG);
  await Promise.all([journal, existsSync(recovery) || follow ? copyOut(recovery, follow, signal) : undefined]);
}

async function printJournal(journal: string, unit: string, follow: boolean, signal: AbortSignal): Promise<void> {
  const words = ['--directory', journal, '--unit', unit, '--no-pager', '--quiet', '--lines', 'all'];
  const child = spawn('journalctl', [...words, ...(follow ? ['--follow'] : [])], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const stop = (): void => void child.kill();
  signal.addEventListener('abort', stop, { once: true });
  const [code] = await once(child, 'close');
  signal.removeEventListener('abort', stop);
  if (code !== 0 && !signal.aborted) throw new Error(`The journal of the machine can't be read; it is in ${journal}.`);
}

async function copyOut(file: string, follow: boolean, signal: AbortSignal): Promise<void> {
  if (!existsSync(file) && !follow) throw new Error(`There is no ${file} yet.`);
  let offset = 0;
  while (!signal.aborted) {
    const size = existsSync(file) ? statSync(file).size : 0;
    if (size > offset) {
      for await (const chunk of createReadStream(file, { start: offset, end: size - 1 })) process.stdout.write(chunk);
      offset = size;
    }
    if (!follow) return;
    await sleep(FOLLOW_MS, undefined, { signal }).catch(() => undefined);
  }
}
