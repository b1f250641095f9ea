// SPDX-License-Identifier: Apache-2.0
/**
 * The healthy tick: it finds out whether there is anything to do at all. It makes no AWS call, and loads neither the
 * SDK nor yargs nor `node:net`. It can only say "healthy", or why not. In any doubt the tick goes the long way through
 * the loop.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CLIENT_PORT, type EnsembleConfig, EVERY_ADDRESS, listed, type Member, votersOf } from '../model/member.ts';
import { ZXID_ZERO } from '../model/zxid.ts';
import type { Settings } from '../settings.ts';
import { agentFiles } from '../zookeeper/agent-files.ts';
import { parseDynamicConfig, versionOfFileName } from '../zookeeper/dynamic-config.ts';
import type { VoterMonitor } from '../zookeeper/mntr.ts';
import { formatVouched } from '../zookeeper/vouched.ts';
import { quickMetadata } from './quick-metadata.ts';
import { quickMonitor } from './quick-monitor.ts';

type Health = { readonly healthy: boolean; readonly why: string };

const METADATA_ENDPOINT = 'http://169.254.169.254';

function unhealthy(why: string): Health {
  return { healthy: false, why };
}

export async function checkHealth(settings: Settings): Promise<Health> {
  const { timings } = settings;
  const note = openNote(settings);
  if (note) return unhealthy(note);
  const id = Number(readFileSync(settings.idFile, 'latin1').trim());
  const config = localConfig(settings.confDir);
  const own = config?.members.find((member) => member.id === id);
  if (!config || own?.role !== 'participant') {
    return unhealthy('The config on this disk does not hold this node as a participant.');
  }
  if (vouched(settings) !== formatVouched({ version: config.version, members: config.members.length })) {
    return unhealthy('Nobody has looked at the voters of this config yet.');
  }
  // The server is asked first: its one answer takes longer than three of the metadata service.
  const asked = quickMetadata(metadataEndpoint(settings), settings.mode === 'elastic-ip', timings.metadataTimeoutMs);
  const [monitor, metadata] = await Promise.all([monitorOf(own, asked, timings.probeTimeoutMs), asked]);
  if (metadata.targetState === 'Terminated') return unhealthy('The instance is about to be terminated.');
  const address = metadata.publicAddress ?? metadata.address;
  if (!listed(config, id, address)) return unhealthy(`The config on this disk does not hold ${id} at ${address}.`);
  if (!monitor) return unhealthy('The server of this node neither leads nor follows.');
  const aside = asideSentence(settings);
  if (monitor.mode === 'follower') return { healthy: true, why: `Member ${id} serves as follower.${aside}` };
  const voters = votersOf(config).length;
  if (monitor.syncedFollowers - monitor.syncedNonVotingFollowers !== voters - 1) {
    return unhealthy('This node leads, and not every voter is connected.');
  }
  return { healthy: true, why: `Member ${id} leads, and all ${voters} voters are connected.${aside}` };
}

/** Nobody removes it by itself, and it takes space. */
function asideSentence({ dataDir }: Settings): string {
  const folder = join(dataDir, 'aside');
  const count = existsSync(folder) ? readdirSync(folder).length : 0;
  return count === 0
    ? ''
    : ` Data is set aside ${count === 1 ? 'once' : `${count} times`}; "zk-agent status" lists it.`;
}

/** A server that listens on every address is asked at that of its instance. */
async function monitorOf(
  { clientAddress }: Member,
  metadata: Promise<{ readonly address: string }>,
  timeoutMs: number,
): Promise<VoterMonitor | undefined> {
  const address = clientAddress === EVERY_ADDRESS ? (await metadata).address : clientAddress;
  return quickMonitor(address, CLIENT_PORT, timeoutMs);
}

function metadataEndpoint({ aws }: Settings): string {
  return process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT || aws.AWS_EC2_METADATA_SERVICE_ENDPOINT || METADATA_ENDPOINT;
}

/** A note on the disk that something is still to be done, or must not be forgotten. */
function openNote({ dataDir, stack }: Settings): string | undefined {
  const files = agentFiles(dataDir);
  if (!existsSync(files.mark('ready'))) return 'The first start of this node is not over.';
  if (!existsSync(files.stamp)) return 'There is no stamp beside the data of this node.';
  if (existsSync(files.fence)) return 'This node is fenced.';
  if (stack?.arn !== undefined && !existsSync(files.mark('signalled'))) {
    return 'The stack has not been told that this node votes.';
  }
  if (existsSync(files.mark('left'))) return 'This node was told to leave.';
  return existsSync(files.mark('reported')) ? 'A report of this node may lie in the bucket.' : undefined;
}

/** The agent's note of the config that it looked at last. */
function vouched({ dataDir }: Settings): string | undefined {
  const { vouched: file } = agentFiles(dataDir);
  return existsSync(file) ? readFileSync(file, 'latin1') : undefined;
}

/**
 * The config that the server wrote last. Undefined while `zoo.cfg` points at the version-less file of a first start.
 */
function localConfig(confDir: string): EnsembleConfig | undefined {
  const zooCfg = readFileSync(join(confDir, 'zoo.cfg'), 'utf8');
  const file = /^dynamicConfigFile=(.+)$/m.exec(zooCfg)?.[1]?.trim();
  const version = versionOfFileName(file ?? '');
  if (file === undefined || version === ZXID_ZERO) return undefined;
  return { ...parseDynamicConfig(readFileSync(join(confDir, basename(file)), 'utf8')), version };
}
