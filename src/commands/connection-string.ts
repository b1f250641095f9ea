// SPDX-License-Identifier: Apache-2.0
/**
 * The servers of a cluster as ZooKeeper clients take them. It needs the cluster's id and the right to describe
 * instances, and no node: it also runs on other machines.
 */
import { ec2OfRegion } from '../aws/ports.ts';
import { AgentError } from '../errors.ts';
import type { InstanceFact } from '../model/cloud.ts';
import { CLIENT_PORT, type EnsembleConfig, EVERY_ADDRESS, type Member, strangeLines } from '../model/member.ts';
import { type NameZone, placeName, zoneInTag } from '../model/names.ts';
import type { Ports } from '../ports.ts';
import { applyAwsEnvironment, type ClusterSettings } from '../settings.ts';
import { zookeeperServers } from '../zookeeper/servers.ts';

/** The limit for the answers of all servers; from many machines none of them can be reached. */
const ASK_LIMIT_MS = 5_000;
/** As many instances are asked at once. An ensemble of ours has fewer. */
const MOST_ASKED = 32;

export interface ConnectionString {
  /** `10.0.1.4:2181,10.0.2.5:2181`. */
  readonly connectionString: string;
  /**
   * `names`: those that the nodes keep, which stay. `config`: the members, as the ensemble itself says. `instances`: no
   * server answered, so all that run.
   */
  readonly source: 'names' | 'config' | 'instances';
  readonly servers: readonly ClientServer[];
  /** Lines of the config that can't be understood; any of them may be a server. Absent when there are none. */
  readonly notUnderstood?: readonly string[];
}

/** A server as its clients see it. The id is absent where no config told it. */
interface ClientServer {
  readonly id?: number;
  readonly host: string;
  readonly port: number;
}

type Sources = Pick<Ports, 'ec2' | 'servers'>;

/** Rejects with ZOOKEEPER_UNAVAILABLE when no instance of the cluster runs. */
export async function readConnectionString(settings: ClusterSettings, signal: AbortSignal): Promise<ConnectionString> {
  applyAwsEnvironment(settings);
  const { timings } = settings;
  const servers = zookeeperServers({ timings, readSecret: () => Promise.reject(new Error('no secret is needed')) });
  return connectionStringFrom({ ec2: ec2OfRegion(settings), servers }, settings.cluster, signal);
}

export async function connectionStringFrom(
  sources: Sources,
  cluster: string,
  signal: AbortSignal,
): Promise<ConnectionString> {
  const instances = await sources.ec2.describeCluster(cluster, signal);
  const running = instances.flatMap(({ state, address }) => (state === 'running' && address ? [address] : []));
  if (running.length === 0) {
    throw new AgentError(
      'ZOOKEEPER_UNAVAILABLE',
      `No instance with the tag zookeeper_cluster=${cluster} runs.`,
      'Give the cluster as the output Cluster of its stack has it, and its region with --region.',
    );
  }
  const zone = zoneOf(instances);
  if (zone !== undefined) return shown('names', namesIn(zone));
  const config = await newestConfig(sources.servers, running.slice(0, MOST_ASKED), signal);
  if (config === undefined) {
    return shown(
      'instances',
      [...running].sort().map((host) => ({ host, port: CLIENT_PORT })),
    );
  }
  const strange = strangeLines(config);
  return {
    ...shown('config', config.members.filter(({ clientPort }) => clientPort > 0).map(clientServer)),
    ...(strange.length === 0 ? {} : { notUnderstood: strange }),
  };
}

/** While an update adds names, some nodes have the tag of more names. */
function zoneOf(instances: readonly InstanceFact[]): NameZone | undefined {
  const running = instances.filter(({ state }) => state === 'running');
  const zones = running.flatMap(({ names }) => (names === undefined ? [] : (zoneInTag(names) ?? [])));
  return zones.sort((left, right) => right.places - left.places)[0];
}

function namesIn(zone: NameZone): readonly ClientServer[] {
  return Array.from({ length: zone.places }, (_, at) => ({
    host: placeName(zone, at + 1).replace(/\.$/, ''),
    port: CLIENT_PORT,
  }));
}

/** Undefined when no server answers. A server that was removed, and runs on, tells an older config than the members. */
async function newestConfig(
  servers: Ports['servers'],
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<EnsembleConfig | undefined> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(ASK_LIMIT_MS)]);
  const asked = await Promise.allSettled(addresses.map((address) => configAt(servers, address, limited)));
  signal.throwIfAborted();
  const configs = asked.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  return configs.reduce<EnsembleConfig | undefined>(
    (best, config) => (best === undefined || config.version > best.version ? config : best),
    undefined,
  );
}

async function configAt(servers: Ports['servers'], address: string, signal: AbortSignal): Promise<EnsembleConfig> {
  const session = await servers.open(address, { secret: false }, signal);
  try {
    return await session.config(signal);
  } finally {
    await session.close();
  }
}

/** A server that listens on every address is found at the address of the member. */
function clientServer({ id, address, clientAddress, clientPort }: Member): ClientServer {
  const everywhere = clientAddress === EVERY_ADDRESS || clientAddress === '::';
  return { id, host: everywhere ? address : clientAddress, port: clientPort };
}

function shown(source: ConnectionString['source'], servers: readonly ClientServer[]): ConnectionString {
  const words = servers.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`);
  return { connectionString: words.join(','), source, servers };
}
