// SPDX-License-Identifier: Apache-2.0
/** All ports of one run of a simulated node's agent. A run gets its own, as a process has its own memory. */
import type { Advice } from '../../../src/model/advice.ts';
import type { Ports, SlotShelf } from '../../../src/ports.ts';
import type { ElasticIps } from '../cloud/elastic-ips.ts';
import type { Group } from '../cloud/group.ts';
import { GROUP_NAME, HOOK_LIMIT_MS } from '../cloud/group.ts';
import type { Instance, Instances } from '../cloud/instances.ts';
import { insyncMs, type NameServers } from '../cloud/names.ts';
import type { Objects } from '../cloud/objects.ts';
import type { SimulatedStack } from '../cloud/stack.ts';
import type { Streams } from '../cloud/streams.ts';
import type { Ensemble } from '../zookeeper/ensemble.ts';
import { tell } from './brought.ts';
import { diskPort } from './disk-port.ts';
import { lagMs } from './list-lag.ts';
import type { Run } from './run.ts';
import { serverControlPort, serversPort } from './servers-port.ts';
import type { Kept, Supervisor } from './supervisor.ts';

export interface Cloud {
  readonly instances: Instances;
  readonly group: Group;
  readonly stack: SimulatedStack;
  readonly streams: Streams;
  readonly objects: Objects;
  readonly names: NameServers;
}

/** The world around a node. */
export interface Around {
  readonly cloud: Cloud;
  readonly ensemble: Ensemble;
  readonly supervisor: Supervisor;
  readonly elasticIps: ElasticIps | undefined;
}

/** 2026-01-01, where the simulated wall clocks begin. */
const EPOCH_MS = 1_767_225_600_000;

export function portsOf(
  run: Run,
  host: Kept,
  instance: Instance,
  { cloud, ensemble, supervisor, elasticIps }: Around,
  said: (sentence: string, advice: readonly Advice[]) => void,
): Ports {
  const { instances, group } = cloud;
  // A run that dies with its disk has read that one, whatever arrives of it later.
  const { disk } = host;
  return {
    clock: {
      nowMs: () => EPOCH_MS + run.scheduler.nowMs,
      monotonicMs: () => run.scheduler.nowMs,
      sleep: (ms) => slept(run, ms),
    },
    metadata: {
      identity: () =>
        run.look('identity', () => ({
          instance: instance.id,
          address: instance.address,
          region: 'eu-west-1',
          zone: 'eu-west-1a',
        })),
      targetLifecycleState: () => run.aws('metadata', 'targetState', () => instance.targetState),
    },
    ec2: {
      describe: (ids) =>
        run.aws('ec2', `DescribeInstances ${ids.length}`, () => instances.describe(ids, lagMs(run.additions)), {
          empty: () => [],
        }),
      describeCluster: () =>
        run.aws('ec2', 'DescribeInstances tagged', () => instances.describeTagged(lagMs(run.additions)), {
          empty: () => [],
        }),
      isForgotten: (id) =>
        run.aws('ec2', `DescribeInstances ${id}`, () => instances.isForgotten(id, lagMs(run.additions))),
      tag: () => run.aws('ec2', 'CreateTags', () => undefined),
    },
    autoScaling: {
      groupOf: (id) =>
        run.aws(
          'autoscaling',
          'DescribeAutoScalingInstances',
          () => (group.holds(id, lagMs(run.additions, 'group-lags')) ? GROUP_NAME : undefined),
          { empty: () => undefined },
        ),
      describe: () => {
        const behindMs = lagMs(run.additions, 'group-lags');
        run.asksForTheGroup(behindMs);
        return run.aws('autoscaling', 'DescribeAutoScalingGroups', () => group.fact(behindMs));
      },
      setMaintenance: (_name, on) =>
        run.aws('autoscaling', 'CreateOrUpdateTags', () => {
          group.maintenance = on;
        }),
      completeHook: (_name, hook, id, result) =>
        run.aws(
          'autoscaling',
          `CompleteLifecycleAction ${hook} ${id} ${result}`,
          () => group.completeHook(instance.id, hook, id, result),
          { writes: true, lost: () => undefined },
        ),
      heartbeat: (_name, hook, id) =>
        run.aws('autoscaling', `RecordLifecycleActionHeartbeat ${hook}`, () => group.heartbeat(hook, id)),
      hookLimitMs: () => run.aws('autoscaling', 'DescribeLifecycleHooks', () => HOOK_LIMIT_MS),
    },
    stackSignals: {
      signal: (status, uniqueId) =>
        run.aws('cloudformation', `SignalResource ${status}`, () => cloud.stack.signal(status, uniqueId), {
          writes: true,
          lost: (answer) => answer,
        }),
    },
    ...(elasticIps ? { slots: slotsPort(run, instance, elasticIps) } : {}),
    claimStreams: streamsPort(run, cloud.streams),
    objects: objectsPort(run, cloud.objects, (key, body) => {
      if (key === `reports/${instance.id}.json` && body.includes('"report":')) tell(disk, cloud.objects);
    }),
    names: namesPort(run, cloud.names),
    servers: serversPort(run, host, ensemble),
    disk: diskPort(run, disk, ensemble.lines, (occasion) => {
      if (occasion === 'fresh-config') ensemble.witness.givenFreshConfig(host);
    }),
    server: serverControlPort(run, host, { ensemble, supervisor }),
    nonce: () => run.random.hex(32),
    log: {
      write: (entry) => {
        if (!run.alive) return;
        if ('why' in entry) said(entry.why, entry.advice ?? []);
        run.note(`log ${entry.event}`, () => JSON.stringify(entry));
      },
    },
  };
}

export function slept(run: Run, ms: number): Promise<void> {
  return new Promise((resolve) =>
    run.later(ms, () => {
      run.scheduler.answered();
      resolve();
    }),
  );
}

function slotsPort(run: Run, instance: Instance, elasticIps: ElasticIps): SlotShelf {
  return {
    kind: 'elastic-ip',
    list: () => run.aws('ec2', 'DescribeAddresses', () => elasticIps.list(lagMs(run.additions)), { empty: () => [] }),
    attach: ({ allocation }, id) =>
      run.aws('ec2', `AssociateAddress ${allocation}`, () => elasticIps.attach(allocation, id), {
        writes: true,
        lost: (answer) => answer,
      }),
    ownAddress: () => run.aws('metadata', 'public-ipv4', () => elasticIps.attachedTo(instance.id)),
  };
}

function streamsPort(run: Run, streams: Streams): Ports['claimStreams'] {
  const doubtful = new Set<string>();
  return {
    create: async (name) => {
      const inDoubt = doubtful.has(name);
      doubtful.add(name);
      const answer = await run.aws<'created' | 'exists' | 'unsure'>(
        'logs',
        `CreateLogStream ${name}`,
        () => streams.create(name),
        { writes: true, lost: () => 'unsure' },
      );
      return answer === 'exists' && inDoubt ? 'unsure' : answer;
    },
    list: () =>
      run.aws('logs', 'DescribeLogStreams', () =>
        run.additions.strikes('streams-unlisted') ? [] : streams.list(lagMs(run.additions)),
      ),
  };
}

/** A call that was late may still be done after its caller gave up. Who waits for INSYNC may die meanwhile. */
function namesPort(run: Run, names: NameServers): NonNullable<Ports['names']> {
  return {
    read: () => run.aws('route53', 'ListResourceRecordSets', () => names.list()),
    replace: async (there, wanted) => {
      const pendingMs = insyncMs(run.random);
      const answer = await run.aws<'taken' | 'conflict'>(
        'route53',
        `ChangeResourceRecordSets ${wanted.map(({ identifier = '' }) => identifier).join('')}`,
        () => names.replace(there, wanted, run.scheduler.nowMs + pendingMs),
        { writes: true, lost: () => 'conflict' },
      );
      if (answer === 'conflict') return 'conflict';
      if (!names.impatient) await slept(run, pendingMs + 1);
      return 'insync';
    },
  };
}

function objectsPort(run: Run, objects: Objects, written: (key: string, body: string) => void): Ports['objects'] {
  const replace: Objects['replace'] = (key, body, etag) => {
    const result = objects.replace(key, body, etag);
    if (result === 'written') written(key, body);
    return result;
  };
  return {
    get: (key) => run.aws('s3', `GetObject ${key}`, () => objects.get(key)),
    list: (prefix) => run.aws('s3', `ListObjects ${prefix}`, () => objects.list(prefix)),
    createOnce: (key, body) =>
      run.aws('s3', `PutObject once ${key}`, () => objects.createOnce(key, body), {
        writes: true,
        lost: () => 'exists',
      }),
    replace: (key, body, etag) =>
      run.aws('s3', `PutObject ${key}`, () => replace(key, body, etag), {
        writes: true,
        lost: () => 'conflict',
      }),
  };
}
