/**
 * What a deployment makes in AWS, made call by call: network, log group, bucket, launch template and Auto Scaling
 * group. The user data carries the agent's settings, as it does on a real instance.
 */
import { randomBytes } from 'node:crypto';
import { AutoScalingClient, CreateAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import { CloudWatchLogsClient, CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateLaunchTemplateCommand, EC2Client } from '@aws-sdk/client-ec2';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { userData } from '../cf/user-data.ts';
import { LAB_TICK, PRODUCTION_TICK, type TickSettings } from '../src/timings.ts';
import { makeNetwork, registerImage } from './account.ts';

export { formatSettings, settingsOfUserData } from '../cf/user-data.ts';

export const REGION = 'eu-west-1';
const INSTANCE_TYPE = 't3.small';

export interface Aws extends Disposable {
  readonly ec2: EC2Client;
  readonly autoScaling: AutoScalingClient;
  readonly logs: CloudWatchLogsClient;
  readonly s3: S3Client;
}

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Clients of the lab's AWS for one caller. */
export function awsClients(endpoint: string, credentials: AccessKey): Aws {
  const settings = { region: REGION, endpoint, credentials, maxAttempts: 4 };
  const ec2 = new EC2Client(settings);
  const autoScaling = new AutoScalingClient(settings);
  const logs = new CloudWatchLogsClient(settings);
  const s3 = new S3Client({ ...settings, forcePathStyle: true });
  return {
    ec2,
    autoScaling,
    logs,
    s3,
    [Symbol.dispose]: () => {
      for (const client of [ec2, autoScaling, logs, s3]) client.destroy();
    },
  };
}

export interface StackOptions {
  /** Short lower-case name; the cluster's id is this and eight hex digits. */
  readonly name: string;
  /** First two numbers of the network, `127.16`. */
  readonly networkPrefix: string;
  readonly nodes: number;
  /** The waits and ZooKeeper ticks of the image instead of the lab's short ones. */
  readonly productionTiming: boolean;
  /** Further lines of agent.env, for tests. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface Stack {
  readonly cluster: string;
  readonly bucket: string;
  readonly logGroup: string;
  readonly group: string;
  readonly imageId: string;
}

/** Rejects with the SDK's error of the call that failed; there is no rollback, as a lab that can't start is thrown away. */
export async function createStack(aws: Aws, options: StackOptions): Promise<Stack> {
  const cluster = `${options.name}-${randomBytes(4).toString('hex')}`;
  const names = {
    cluster,
    bucket: `${cluster}-bucket`,
    logGroup: `/zookeeper/${cluster}`,
    group: `${cluster}-group`,
  };
  const [{ subnets }, imageId] = await Promise.all([
    makeNetwork(aws, options.networkPrefix),
    registerImage(aws, cluster),
    aws.logs.send(new CreateLogGroupCommand({ logGroupName: names.logGroup })),
    aws.s3.send(
      new CreateBucketCommand({ Bucket: names.bucket, CreateBucketConfiguration: { LocationConstraint: REGION } }),
    ),
  ]);
  const template = await createLaunchTemplate(aws, { ...names, imageId }, options);
  await createGroup(aws, { ...names, template, subnets }, options.nodes);
  return { ...names, imageId };
}

type TemplateNames = Pick<Stack, 'cluster' | 'bucket' | 'logGroup' | 'imageId'>;

async function createLaunchTemplate(aws: Aws, names: TemplateNames, options: StackOptions): Promise<string> {
  const { LaunchTemplate } = await aws.ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: `${names.cluster}-node`,
      LaunchTemplateData: {
        ImageId: names.imageId,
        InstanceType: INSTANCE_TYPE,
        MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1, InstanceMetadataTags: 'enabled' },
        UserData: Buffer.from(userData(agentSettings(names, options))).toString('base64'),
      },
    }),
  );
  return present(LaunchTemplate?.LaunchTemplateId, 'CreateLaunchTemplate', 'LaunchTemplateId');
}

type GroupNames = Pick<Stack, 'cluster' | 'group'> & { readonly template: string; readonly subnets: readonly string[] };

async function createGroup(aws: Aws, names: GroupNames, nodes: number): Promise<void> {
  await aws.autoScaling.send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName: names.group,
      LaunchTemplate: { LaunchTemplateId: names.template, Version: '1' },
      MinSize: 0,
      MaxSize: nodes,
      DesiredCapacity: nodes,
      VPCZoneIdentifier: names.subnets.join(','),
      Tags: [tag(names.group, 'zookeeper_cluster', names.cluster), tag(names.group, 'Name', `${names.cluster} node`)],
    }),
  );
}

function tag(group: string, key: string, value: string) {
  return { ResourceId: group, ResourceType: 'auto-scaling-group', Key: key, Value: value, PropagateAtLaunch: true };
}

function present(value: string | undefined, action: string, field: string): string {
  if (value === undefined) throw new Error(`The lab's AWS answered ${action} without ${field}.`);
  return value;
}

/** What the agent of every node of the cluster is told. */
function agentSettings(names: TemplateNames, options: StackOptions): Readonly<Record<string, string>> {
  return {
    REGION,
    CLUSTER: names.cluster,
    BUCKET: names.bucket,
    LOG_GROUP: names.logGroup,
    ...timingSettings(options.productionTiming),
    ...options.settings,
  };
}

/** The image's waits and ticks, or the lab's short ones, as lines of agent.env. */
export function timingSettings(production: boolean): Readonly<Record<string, string>> {
  return {
    TIMINGS: production ? 'production' : 'lab',
    ...tickSettings(production ? PRODUCTION_TICK : LAB_TICK),
  };
}

function tickSettings(tick: TickSettings): Readonly<Record<string, string>> {
  return {
    TICK_TIME_MS: String(tick.tickTimeMs),
    INIT_LIMIT: String(tick.initLimit),
    SYNC_LIMIT: String(tick.syncLimit),
    ...(tick.maxSessionTimeoutMs === undefined ? {} : { MAX_SESSION_TIMEOUT_MS: String(tick.maxSessionTimeoutMs) }),
  };
}
