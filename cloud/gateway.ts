// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { botocoreModels } from './api-model/model.ts';
import { AutoScaling } from './auto-scaling/auto-scaling.ts';
import { isLeaving, type LifecycleState } from './auto-scaling/group.ts';
import { DEFAULT_SCALING_TIMINGS, type ScalingTimings } from './auto-scaling/group-cloud.ts';
import { activeActions } from './auto-scaling/hook-actions.ts';
import { CallLog } from './call-log.ts';
import { CloudFormation, DEFAULT_CLOUDFORMATION_TIMINGS } from './cloudformation/cloudformation.ts';
import type { CloudFormationTimings } from './cloudformation/resources/handler.ts';
import { registrySchemas } from './cloudformation/schema/resource-schema.ts';
import { Dispatch } from './dispatch.ts';
import { startDnsServer } from './dns/dns-server.ts';
import { Ec2 } from './ec2/ec2.ts';
import { DEFAULT_EC2_TIMINGS, type Ec2Timings, type LateVisibility } from './ec2/lifetime.ts';
import type { Machines } from './ec2/machines.ts';
import { Ec2World } from './ec2/world.ts';
import { FaultBoard } from './faults.ts';
import { Access } from './iam/access.ts';
import type { AccessRecord } from './iam/access-record.ts';
import type { InstanceRights, WithoutProfile } from './iam/instance-rights.ts';
import { MotoClient } from './moto-client.ts';
import { isOwnAddress } from './own-address.ts';
import { DEFAULT_ROUTE53_TIMINGS, Route53, type Route53Timings } from './route53/route53.ts';
import { BucketRegions } from './s3/bucket-regions.ts';

export interface GatewayOptions {
  /** A loopback address, or one of a lab's own network; never a wildcard. */
  readonly address: string;
  /** A free port when left out. */
  readonly port?: number;
  readonly moto: { readonly url: string };
  /** moto's virtual environment, for the API models in it: `motoDirectory()`. */
  readonly environment: string;
  readonly region?: string;
  readonly timings?: Partial<Ec2Timings>;
  readonly scalingTimings?: Partial<ScalingTimings>;
  /** The limits of CloudFormation's waits. */
  readonly cloudFormationTimings?: Partial<CloudFormationTimings>;
  readonly route53Timings?: Partial<Route53Timings>;
  /** The first three numbers of the Elastic IPs that EC2 gives; moto chooses them when it is left out. */
  readonly publicPrefix?: string;
  /** When left out, instances see each other at once. */
  readonly lateVisibility?: LateVisibility;
  /** Also checks the gateway's own answers against the API model, for tests. A mismatch is an InternalError. */
  readonly checkAnswers?: boolean;
  /** The policy document of the caller `deployer`, who may do everything when it is left out. */
  readonly deployerPolicy?: unknown;
  /** The same for the caller `builder`. */
  readonly builderPolicy?: unknown;
  /** For how long all calls of a new role are denied, asked at each call; a second when left out. */
  readonly roleDelayMs?: () => number;
  /** The rights of instances without a profile; all rights when left out. */
  readonly withoutProfile?: WithoutProfile;
}

/** The state of an instance in its group. */
interface Membership {
  readonly group: string;
  readonly lifecycleState: LifecycleState;
  /** The value of `autoscaling/target-lifecycle-state` in the metadata service. */
  readonly target: 'InService' | 'Terminated';
}

/** A wait for a lifecycle hook, in the form of Auto Scaling's event (the lab has no EventBridge). */
interface LifecycleNotice {
  readonly hook: string;
  readonly transition: string;
  readonly token: string;
}

export interface Gateway {
  readonly url: string;
  readonly region: string;
  /** The resolver of the VPCs, `127.0.0.1:5353`: over UDP, for the zones of Route 53 alone. */
  readonly resolver: string;
  readonly calls: CallLog;
  readonly faults: FaultBoard;
  /** The requests of roles and the deployer, and the statements of their policies that decided. */
  readonly accessRecord: AccessRecord;
  /**
   * The caller is an instance id, or `operator`, who sees everything at once. Calls with an unregistered key are
   * refused.
   */
  registerCaller(accessKeyId: string, caller: string): void;
  /** Makes EC2 forget this terminated instance now. Throws when it is not terminated. */
  forget(instance: string): void;
  /** The rights of this instance. Its metadata service gives the credentials for them. */
  rightsOf(instance: string): Promise<InstanceRights>;
  /** Undefined for an instance that is in no group, or no longer. */
  membership(instance: string): Membership | undefined;
  /** The hooks for which the instance waits now. */
  lifecycleNotices(instance: string): readonly LifecycleNotice[];
  /** Sets whether EC2 has room for another instance in this zone. At first every zone has room. */
  setCapacity(zone: string, available: boolean): void;
  /** From now on the instances have these machines, which can be stopped, rebooted and made into images. */
  serve(machines: Machines): void;
  /**
   * Calls `listener` at once when the state, tags or existence of an instance may have changed. Returns the function
   * that ends this.
   */
  onInstanceChange(listener: () => void): () => void;
  /** Cuts open connections. Can be called again. */
  close(): Promise<void>;
}

const DEFAULT_REGION = 'us-east-1';
const DEFAULT_ROLE_DELAY_MS = 1_000;
/** The account of moto. */
const ACCOUNT = '123456789012';

/** Starts the gateway before a running moto. All calls to AWS in the lab go through it. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  if (!isOwnAddress(options.address)) {
    throw new Error(`the gateway listens on loopback or a lab's own network only, not on ${options.address}`);
  }
  const region = options.region ?? DEFAULT_REGION;
  const models = botocoreModels(options.environment);
  const moto = new MotoClient(options.moto.url, region);
  const timings = { ...DEFAULT_EC2_TIMINGS, ...options.timings };
  const world = new Ec2World(moto, models('ec2'), timings, options.lateVisibility);
  const calls = new CallLog();
  const faults = new FaultBoard();
  const ec2 = new Ec2(world, moto, models('ec2'), options.publicPrefix);
  const scaling = new AutoScaling({
    ec2,
    ec2Model: models('ec2'),
    moto,
    logged: logOf(calls),
    timings: { ...DEFAULT_SCALING_TIMINGS, ...options.scalingTimings },
  });
  const callers = new Map<string, string>();
  const account = ACCOUNT;
  const checkAnswers = options.checkAnswers ?? false;
  const cloudFormation = new CloudFormation({
    ...{ region, account, schemaOf: registrySchemas(options.environment) },
    timings: { ...DEFAULT_CLOUDFORMATION_TIMINGS, ...options.cloudFormationTimings },
    call: (service, action, input, caller) => dispatch.call(service, action, input, caller),
  });
  const route53 = new Route53({ ...DEFAULT_ROUTE53_TIMINGS, ...options.route53Timings }, moto, models('ec2'));
  const access = new Access(
    {
      region,
      account,
      moto,
      ec2Model: models('ec2'),
      world,
      scaling,
      stack: (reference) => cloudFormation.known(reference),
    },
    models,
    {
      roleDelayMs: options.roleDelayMs ?? (() => DEFAULT_ROLE_DELAY_MS),
      withoutProfile: options.withoutProfile ?? 'all-rights',
      policies: {
        ...(options.deployerPolicy === undefined ? {} : { deployer: options.deployerPolicy }),
        ...(options.builderPolicy === undefined ? {} : { builder: options.builderPolicy }),
      },
    },
  );
  const dispatch = new Dispatch({
    ...{
      models,
      moto,
      ec2,
      scaling,
      cloudFormation,
      route53,
      calls,
      faults,
      access,
      callers,
      region,
      account,
      checkAnswers,
    },
    buckets: new BucketRegions(moto),
  });
  // Moto may have run earlier and have instances already.
  await world.refresh();
  const resolver = await startDnsServer(options.address, () => route53.zones.values());
  const server = await listen(options, (request, response) => dispatch.handle(request, response)).catch(
    async (error: unknown) => {
      await resolver.close();
      throw error;
    },
  );
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('the gateway has no address');
  return {
    url: `http://${options.address}:${bound.port}`,
    region,
    resolver: resolver.address,
    calls,
    faults,
    registerCaller: (accessKeyId, caller) => {
      callers.set(accessKeyId, caller);
    },
    accessRecord: access.record,
    rightsOf: (instance) => access.rightsOf(instance),
    forget: (instance) => world.forget(instance),
    membership: (instance) => membershipOf(scaling, instance),
    lifecycleNotices: (instance) => noticesOf(scaling, instance),
    setCapacity: (zone, available) => {
      if (available) ec2.fullZones.delete(zone);
      else ec2.fullZones.add(zone);
    },
    serve: (machines) => {
      ec2.machines = machines;
    },
    onInstanceChange: (listener) => world.onChange(listener),
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      world.close();
      route53.close();
      await Promise.all([closed, resolver.close(), cloudFormation.close(), scaling.close()]);
      moto.close();
    },
  };
}

/** The calls that a group makes by itself are logged like any others. */
function logOf(calls: CallLog) {
  return async <T>(action: string, call: () => Promise<T>): Promise<T> => {
    const atMs = Date.now();
    const entry = { atMs, caller: 'autoscaling', service: 'ec2', action };
    try {
      const answer = await call();
      calls.record({ ...entry, outcome: 'ok', status: 200, durationMs: Date.now() - atMs });
      return answer;
    } catch (error) {
      const outcome = error instanceof Error ? error.name : 'error';
      calls.record({ ...entry, outcome, status: 400, durationMs: Date.now() - atMs });
      throw error;
    }
  };
}

function membershipOf(scaling: AutoScaling, instance: string): Membership | undefined {
  const found = scaling.find(instance);
  if (found === undefined) return undefined;
  const { lifecycleState } = found.member;
  return { group: found.group.name, lifecycleState, target: isLeaving(found.member) ? 'Terminated' : 'InService' };
}

function noticesOf(scaling: AutoScaling, instance: string): readonly LifecycleNotice[] {
  const group = scaling.find(instance)?.group;
  return (group === undefined ? [] : activeActions(group))
    .filter((one) => one.instance === instance)
    .map(({ action }) => ({ hook: action.hook.name, transition: action.hook.transition, token: action.token }));
}

function listen(
  options: GatewayOptions,
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<Server> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    // Dispatch answers every failure itself. Any error here is a bug of the gateway.
    handle(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.address, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}
