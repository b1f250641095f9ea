// SPDX-License-Identifier: Apache-2.0
/** The ensemble as the servers describe it, combined with the facts of EC2 and Auto Scaling. */
import { DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { paginateDescribeInstances } from '@aws-sdk/client-ec2';
import { isInMaintenance } from '../../src/aws/auto-scaling.ts';
import { type EnsembleConfig, listed, votersOf } from '../../src/model/member.ts';
import type { ServerAnswer } from '../../src/model/server.ts';
import type { Servers } from '../../src/ports.ts';
import type { AwsClients } from '../../tools/aws-clients.ts';
import type { Cut } from '../container/network.ts';
import type { Host } from '../hypervisor/hypervisor.ts';
import type { LabDeployment } from '../lab-deployment.ts';
import type { LabStatus, NodeRole, NodeView } from './lab-status.ts';
import { namedCuts } from './partition.ts';

interface ViewSources {
  readonly name: string;
  readonly aws: AwsClients;
  readonly stack: LabDeployment;
  readonly servers: Servers;
  hosts(): readonly Host[];
  /** The Elastic IP of this host, where its member stands. Undefined where it has none. */
  publicAddress(host: Host): string | undefined;
  /** The cuts, by address. */
  cuts(): readonly Cut[];
}

/** A server that has just lost its quorum opens no session, and the view must not wait for it. */
const CONFIG_LIMIT_MS = 1_500;

/** One server's own answers, read now. */
interface Asked {
  readonly answer: ServerAnswer;
  readonly config?: EnsembleConfig;
}

export async function viewEnsemble(sources: ViewSources, signal: AbortSignal): Promise<LabStatus> {
  const hosts = sources.hosts();
  const [stack, group, instances, asked] = await Promise.all([
    stackStatus(sources, signal),
    describeGroup(sources, signal),
    describeInstances(sources.aws, signal),
    Promise.all(hosts.map((host) => askServer(sources.servers, host.address, signal))),
  ]);
  const config = newestConfig(asked);
  const nodes = await Promise.all(
    hosts.map((host, index) =>
      viewNode(host, sources.publicAddress(host), asked[index], config, instances.get(host.instance), group),
    ),
  );
  const known = new Set(hosts.map((host) => host.instance));
  // EC2 may have forgotten an instance that its group still lists, because it waits for its terminate hook.
  const others = [...new Set([...instances.keys(), ...group.lifecycles.keys()])]
    .filter((instance) => !known.has(instance))
    .map((instance) => ({
      instance,
      state: 'unknown',
      ...instances.get(instance),
      ...lifecycleOf(group, instance),
    }));
  const cuts = namedCuts(sources.cuts(), nodes);
  const voting = nodes.filter((node) => node.role === 'leader' || node.role === 'follower').length;
  const voters = config === undefined ? 0 : votersOf(config).length;
  return {
    name: sources.name,
    cluster: sources.stack.cluster,
    ...(stack === undefined ? {} : { stack }),
    group: {
      name: sources.stack.group,
      desired: group.desired,
      maximum: group.maximum,
      suspended: group.suspended,
      maintenance: group.maintenance,
    },
    ...(config === undefined ? {} : { config }),
    nodes: [...nodes, ...others],
    ...(cuts.length === 0 ? {} : { cuts }),
    healthy: voting === group.desired && voters === group.desired && nodes.some((node) => node.role === 'leader'),
  };
}

async function stackStatus({ aws, stack }: ViewSources, signal: AbortSignal): Promise<string | undefined> {
  if (stack.id === undefined) return undefined;
  const { Stacks = [] } = await aws.cloudFormation.send(new DescribeStacksCommand({ StackName: stack.id }), {
    abortSignal: signal,
  });
  return Stacks[0]?.StackStatus;
}

interface GroupView {
  readonly desired: number;
  readonly maximum: number;
  readonly suspended: readonly string[];
  readonly maintenance: boolean;
  readonly lifecycles: ReadonlyMap<string, string>;
}

async function describeGroup({ aws, stack }: ViewSources, signal: AbortSignal): Promise<GroupView> {
  const { AutoScalingGroups = [] } = await aws.autoScaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [stack.group] }),
    { abortSignal: signal },
  );
  const [group] = AutoScalingGroups;
  return {
    desired: group?.DesiredCapacity ?? 0,
    maximum: group?.MaxSize ?? 0,
    suspended: (group?.SuspendedProcesses ?? []).map(({ ProcessName }) => ProcessName ?? ''),
    maintenance: isInMaintenance(group?.Tags),
    lifecycles: new Map(
      (group?.Instances ?? []).map((instance) => [instance.InstanceId ?? '', instance.LifecycleState ?? '']),
    ),
  };
}

function lifecycleOf(group: GroupView, instance: string): { readonly lifecycle?: string } {
  const lifecycle = group.lifecycles.get(instance);
  return lifecycle === undefined ? {} : { lifecycle };
}

/** The facts of EC2 about an instance. */
type InstanceView = Pick<NodeView, 'state' | 'image'>;

async function describeInstances(aws: AwsClients, signal: AbortSignal): Promise<ReadonlyMap<string, InstanceView>> {
  const views = new Map<string, InstanceView>();
  for await (const page of paginateDescribeInstances({ client: aws.ec2 }, {}, { abortSignal: signal })) {
    for (const instance of (page.Reservations ?? []).flatMap((reservation) => reservation.Instances ?? [])) {
      const { InstanceId = '', State, ImageId } = instance;
      views.set(InstanceId, { state: State?.Name ?? 'unknown', ...(ImageId === undefined ? {} : { image: ImageId }) });
    }
  }
  return views;
}

async function askServer(servers: Servers, address: string, signal: AbortSignal): Promise<Asked> {
  const answer = await servers.srvr(address, signal);
  if (answer.kind !== 'serving') return { answer };
  const limited = AbortSignal.any([signal, AbortSignal.timeout(CONFIG_LIMIT_MS)]);
  const config = await readConfig(servers, address, limited).catch(() => undefined);
  return { answer, ...(config === undefined ? {} : { config }) };
}

/** `/zookeeper/config` as this server has it. */
export async function readConfig(servers: Servers, address: string, signal: AbortSignal): Promise<EnsembleConfig> {
  const session = await servers.open(address, { secret: false }, signal);
  try {
    return await session.config(signal);
  } finally {
    await session.close();
  }
}

function newestConfig(asked: readonly Asked[]): EnsembleConfig | undefined {
  return asked
    .map((each) => each.config)
    .filter((config) => config !== undefined)
    .reduce<EnsembleConfig | undefined>(
      (newest, config) => (newest === undefined || config.version > newest.version ? config : newest),
      undefined,
    );
}

async function viewNode(
  host: Host,
  publicAddress: string | undefined,
  asked: Asked | undefined,
  config: EnsembleConfig | undefined,
  instance: InstanceView | undefined,
  group: GroupView,
): Promise<NodeView> {
  const { answer } = asked ?? {};
  const [id, said, aside] = await Promise.all([host.machine.id(), host.machine.said(), host.machine.aside()]);
  return {
    instance: host.instance,
    state: 'unknown',
    ...instance,
    zone: host.zone,
    address: host.address,
    ...(publicAddress === undefined ? {} : { publicAddress }),
    machine: host.machine.state,
    role: roleOf(answer, config, id, publicAddress ?? host.address),
    ...lifecycleOf(group, host.instance),
    ...(id === undefined ? {} : { id }),
    ...(answer?.kind === 'serving' ? { zxid: answer.zxid } : {}),
    ...(aside.length === 0 ? {} : { aside }),
    ...(said === undefined ? {} : { said }),
  };
}

/** Joiners and removed servers call themselves followers too. Only the config shows who votes. */
function roleOf(
  answer: ServerAnswer | undefined,
  config: EnsembleConfig | undefined,
  id: number | undefined,
  address: string,
): NodeRole {
  if (answer === undefined || answer.kind === 'silent') return 'silent';
  if (answer.kind === 'not-serving') return 'not serving';
  const member = listed(config, id, address);
  if (member?.role === 'observer') return 'observer';
  if (member === undefined && config !== undefined) return answer.mode === 'leader' ? 'removed' : 'joining';
  return answer.mode === 'leader' || answer.mode === 'standalone' ? 'leader' : 'follower';
}
