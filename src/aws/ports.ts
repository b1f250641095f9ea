// SPDX-License-Identifier: Apache-2.0
/** The agent's view of AWS, made from its settings. Before the first call it contacts nothing and loads no SDK. */
import { uptime } from 'node:os';
import type {
  AutoScaling,
  ClaimStreams,
  Ec2,
  Metadata,
  Names,
  ObjectStore,
  SlotShelf,
  StackSignals,
} from '../ports.ts';
import type { Settings } from '../settings.ts';
import { autoScalingAdapter } from './auto-scaling.ts';
import { claimStreamsAdapter } from './claim-streams.ts';
import { credentialsProvider } from './credentials.ts';
import { type CallClock, realClock } from './deadline.ts';
import { ec2Adapter } from './ec2.ts';
import { elasticIpsAdapter } from './elastic-ips.ts';
import { InstanceMetadata } from './metadata.ts';
import { MetadataService } from './metadata-service.ts';
import { namesAdapter } from './names.ts';
import { objectStoreAdapter } from './object-store.ts';
import { Caller } from './retry.ts';
import { stackSignalsAdapter } from './stack-signals.ts';

const METADATA_ENDPOINT = 'http://169.254.169.254';

export interface AwsPorts {
  readonly metadata: Metadata;
  readonly ec2: Ec2;
  readonly autoScaling: AutoScaling;
  readonly stackSignals: StackSignals;
  /** Absent in a mode whose nodes keep their own addresses. */
  readonly slots?: SlotShelf;
  readonly claimStreams: ClaimStreams;
  readonly objects: ObjectStore;
  /** Absent where clients get no names. */
  readonly names?: Names;
}

export type AwsSettings = Pick<Settings, 'cluster' | 'bucket' | 'logGroup' | 'region' | 'stack' | 'names'> & {
  readonly mode?: Settings['mode'];
  readonly timings: Pick<Settings['timings'], 'awsTimeoutMs' | 'metadataTimeoutMs'>;
};

export interface AwsOptions {
  /** The source of endpoints and credentials. The SDK itself reads the endpoints from `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly bootedMsAgo?: () => number;
  readonly random?: () => number;
  /** For the limits and pauses of calls to AWS; the metadata service has its own. */
  readonly clock?: CallClock;
}

/** Call applyAwsEnvironment(settings) first, so that the SDK finds the AWS_* entries of the settings file. */
export async function awsPorts(settings: AwsSettings, options: AwsOptions = {}): Promise<AwsPorts> {
  const { metadata, caller, clients } = connection(settings, options);
  return {
    metadata,
    ec2: ec2Adapter(clients, caller),
    autoScaling: autoScalingAdapter(clients, caller),
    stackSignals: stackSignalsAdapter(settings.stack, clients, caller),
    ...(settings.mode === 'elastic-ip'
      ? { slots: elasticIpsAdapter(clients, caller, (signal) => metadata.publicAddress(signal)) }
      : {}),
    claimStreams: claimStreamsAdapter(settings.logGroup, clients, caller),
    objects: objectStoreAdapter(settings, clients, caller),
    ...(settings.names === undefined ? {} : { names: namesAdapter(settings.names, clients, caller) }),
  };
}

/** EC2 alone, for a machine that need not be a node. Without a region in the settings it has to be an instance. */
export function ec2OfRegion(settings: Pick<AwsSettings, 'region' | 'timings'>, options: AwsOptions = {}): Ec2 {
  const { caller, clients } = connection(settings, options);
  return ec2Adapter(clients, caller);
}

/** What all adapters share: credentials, region, and how often a call is tried. */
function connection(settings: Pick<AwsSettings, 'region' | 'timings'>, options: AwsOptions) {
  const environment = options.environment ?? process.env;
  const service = new MetadataService(
    environment.AWS_EC2_METADATA_SERVICE_ENDPOINT || METADATA_ENDPOINT,
    settings.timings.metadataTimeoutMs,
  );
  const credentials = credentialsProvider(environment, service);
  // After asking for the node's name, the agent calls AWS next, so credentials are loaded early here. A failure here is
  // ignored: the AWS call meets the same failure and reports it.
  const metadata = new InstanceMetadata(service, () => void credentials().catch(() => {}));
  const caller = new Caller({
    timeoutMs: settings.timings.awsTimeoutMs,
    bootedMsAgo: options.bootedMsAgo ?? (() => uptime() * 1_000),
    instance: () => metadata.instance,
    random: options.random ?? Math.random,
    clock: options.clock ?? realClock,
  });
  const clients = {
    // The metadata service has its own limit, so this call ends without a signal.
    region: async () => settings.region ?? (await metadata.identity(new AbortController().signal)).region,
    credentials,
    environment,
  };
  return { metadata, caller, clients };
}
