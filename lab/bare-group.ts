// SPDX-License-Identifier: Apache-2.0
/**
 * A group without a stack: network, log group, bucket, launch template and Auto Scaling group, made with separate
 * calls. It has no hooks, and its nodes send no signals. Without a role they have all rights. It is for tests that need
 * none of these.
 */
import { randomBytes } from 'node:crypto';
import { CreateAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import { CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateLaunchTemplateCommand } from '@aws-sdk/client-ec2';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { userData } from '../cf/user-data.ts';
import type { AwsClients } from '../tools/aws-clients.ts';
import { makeNetwork, registerImage } from './account.ts';
import { REGION } from './aws-clients.ts';
import type { LabDeployment } from './lab-deployment.ts';
import { timingSettings } from './timing-settings.ts';

const INSTANCE_TYPE = 't3.small';

interface BareGroupOptions {
  /** A short lower-case name; the cluster's id is this name and eight hex digits. */
  readonly name: string;
  /** The first two numbers of the network, `127.16`. */
  readonly networkPrefix: string;
  readonly nodes: number;
  /** Uses the waits and ZooKeeper ticks of the image instead of the lab's short ones. */
  readonly productionTiming: boolean;
  /** More lines of agent.env, for tests. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Rejects with the SDK's error of the failed call. There is no rollback, since a lab that can't start is removed. */
export async function createBareGroup(aws: AwsClients, options: BareGroupOptions): Promise<LabDeployment> {
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

type TemplateNames = Pick<LabDeployment, 'cluster' | 'bucket' | 'logGroup' | 'imageId'>;

async function createLaunchTemplate(aws: AwsClients, names: TemplateNames, options: BareGroupOptions): Promise<string> {
  const { LaunchTemplate } = await aws.ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: `${names.cluster}-node`,
      LaunchTemplateData: {
        ImageId: names.imageId,
        InstanceType: INSTANCE_TYPE,
        MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
        UserData: Buffer.from(userData(agentSettings(names, options))).toString('base64'),
      },
    }),
  );
  return present(LaunchTemplate?.LaunchTemplateId, 'CreateLaunchTemplate', 'LaunchTemplateId');
}

type GroupNames = Pick<LabDeployment, 'cluster' | 'group'> & {
  readonly template: string;
  readonly subnets: readonly string[];
};

async function createGroup(aws: AwsClients, names: GroupNames, nodes: number): Promise<void> {
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

/** The settings of the agent on every node of the cluster. */
function agentSettings(names: TemplateNames, options: BareGroupOptions): Readonly<Record<string, string>> {
  return {
    REGION,
    CLUSTER: names.cluster,
    BUCKET: names.bucket,
    LOG_GROUP: names.logGroup,
    ...timingSettings(options.productionTiming),
    ...options.settings,
  };
}
