// SPDX-License-Identifier: Apache-2.0
/** The real world of a node: every port with its real adapter. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleepTimer } from 'node:timers/promises';
import { awsPorts } from '../aws/ports.ts';
import type { Clock, Log, Ports, ServerControl } from '../ports.ts';
import { applyAwsEnvironment, type Settings } from '../settings.ts';
import { agentFiles } from '../zookeeper/agent-files.ts';
import { explained } from '../zookeeper/disk-errors.ts';
import { isThere } from '../zookeeper/durable-file.ts';
import { syncPlaces } from '../zookeeper/leftovers.ts';
import { nodeDisk } from '../zookeeper/node-disk.ts';
import { processService } from '../zookeeper/process-service.ts';
import { zookeeperServers } from '../zookeeper/servers.ts';
import type { Forbidding } from '../zookeeper/start-check.ts';
import { superSecret } from '../zookeeper/super-secret.ts';
import { systemdService } from '../zookeeper/systemd-service.ts';

const CLOCK: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) => sleepTimer(ms, undefined, { signal }),
};

export async function nodePorts(settings: Settings, log: Log): Promise<Ports> {
  applyAwsEnvironment(settings);
  const aws = await awsPorts(settings);
  return {
    clock: CLOCK,
    ...aws,
    servers: zookeeperServers({
      timings: settings.timings,
      readSecret: async () => (await superSecret(settings.dataDir)).password,
    }),
    disk: nodeDisk({ ...settings, onAllAddresses: settings.mode === 'elastic-ip' }),
    server: prepared(serverControl(settings), settings),
    nonce: () => randomBytes(16).toString('hex'),
    log,
  };
}

/**
 * The server reads the file with the secret's digest at its start, so the file must exist before. And a server must not
 * serve on data that a killed run had no time to sync.
 */
function prepared(control: ServerControl, settings: Settings): ServerControl {
  return {
    ...control,
    start: async (signal) => {
      await superSecret(settings.dataDir);
      await explained(() => syncPlaces(settings));
      await control.start(signal);
    },
  };
}

/** The node's own server. */
export function serverControl(settings: Settings): ServerControl {
  const { service, timings } = settings;
  const files = agentFiles(settings.dataDir);
  const whatForbids = async (): Promise<Forbidding | undefined> => {
    if (await isThere(files.fence)) return 'fence';
    return (await isThere(files.stamp)) ? undefined : 'no-stamp';
  };
  if (service.kind === 'systemd') return systemdService({ unit: service.unit, whatForbids });
  return processService({ ...service, whatForbids, stopLimitMs: timings.serverStopMs });
}
