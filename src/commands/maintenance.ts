// SPDX-License-Identifier: Apache-2.0
/** Maintenance mode: a tag on the group that stops genesis, joins, removals and recovery by force on all nodes. */
import { AgentError } from '../errors.ts';
import type { Settings } from '../settings.ts';
import { nodePorts } from './node-ports.ts';

export async function setMaintenance(settings: Settings, on: boolean, signal: AbortSignal): Promise<string> {
  const ports = await nodePorts(settings, { write: () => {} });
  const { instance } = await ports.metadata.identity(signal);
  const group = await ports.autoScaling.groupOf(instance, signal);
  if (group === undefined) {
    throw new AgentError(
      'NO_GROUP',
      `The instance ${instance} is in no Auto Scaling group.`,
      'Run the command on an instance of the cluster.',
    );
  }
  await ports.autoScaling.setMaintenance(group, on, signal);
  return on
    ? `Maintenance is on for the group ${group}: no genesis, join, removal or recovery by force until it is off.`
    : `Maintenance is off for the group ${group}.`;
}
