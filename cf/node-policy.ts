// SPDX-License-Identifier: Apache-2.0
/**
 * What a node may do in AWS: exactly the calls of its agent (src/aws). If the image has the CloudWatch agent, also what
 * that agent needs to send the node's logs. All of it only on resources of the node's own cluster. Describe calls of
 * EC2 and Auto Scaling take no resource.
 */

import { sub } from './cloudformation.ts';
import { CLAIMS_LOG_GROUP, CLUSTER_TAG, clusterId, subCluster } from './cluster.ts';
import { type PolicyDocument, policy, type Statement } from './policy.ts';
import { createdOnce, REWRITTEN } from './records.ts';
import type { TemplateOptions, Zone } from './template-options.ts';

const LOGS = `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:${CLAIMS_LOG_GROUP}`;
const INSTANCE = `arn:\${AWS::Partition}:ec2:\${AWS::Region}:\${AWS::AccountId}:instance`;
/** CloudFormation makes the group's name. A reference to the group would be a cycle, as it is made after the role. */
const GROUP = subCluster(
  `arn:\${AWS::Partition}:autoscaling:\${AWS::Region}:\${AWS::AccountId}:autoScalingGroup:*:autoScalingGroupName/\${AWS::StackName}-Group-*`,
);
/** Another stack may be called `orders-Group-x`, so the tag decides. */
const OWN_GROUP = { StringEquals: { [`aws:ResourceTag/${CLUSTER_TAG}`]: clusterId() } };

/** `further`: what the kind of identity needs beside. */
export function nodePolicy(
  options: Pick<TemplateOptions, 'zone'> = {},
  further: readonly Statement[] = [],
): PolicyDocument {
  const { zone } = options;
  return policy([
    ...ec2Statements(),
    ...further,
    ...groupStatements(),
    ...claimStatements(),
    ...recordStatements(options),
    ...logStatements(),
    ...(zone === undefined ? [] : nameStatements(zone)),
  ]);
}

function ec2Statements(): readonly Statement[] {
  return [
    {
      Sid: 'SeeInstances',
      Effect: 'Allow',
      Action: [
        'autoscaling:DescribeAutoScalingGroups',
        'autoscaling:DescribeAutoScalingInstances',
        'autoscaling:DescribeLifecycleHooks',
        'ec2:DescribeInstances',
      ],
      Resource: '*',
    },
    {
      // An instance may tag only itself: the variable is the tagged instance, the key the calling instance.
      Sid: 'TagItself',
      Effect: 'Allow',
      Action: ['ec2:CreateTags'],
      Resource: subCluster(`${INSTANCE}/*`),
      Condition: {
        ArnEquals: { 'ec2:SourceInstanceARN': subCluster(`${INSTANCE}/\${!ec2:InstanceID}`) },
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['bootstrap_finished_time', 'zookeeper_id'] },
      },
    },
  ];
}

function groupStatements(): readonly Statement[] {
  return [
    {
      Sid: 'PassHooks',
      Effect: 'Allow',
      Action: ['autoscaling:CompleteLifecycleAction', 'autoscaling:RecordLifecycleActionHeartbeat'],
      Resource: GROUP,
      Condition: OWN_GROUP,
    },
    {
      Sid: 'SwitchMaintenance',
      Effect: 'Allow',
      Action: ['autoscaling:CreateOrUpdateTags'],
      Resource: GROUP,
      Condition: { ...OWN_GROUP, 'ForAllValues:StringEquals': { 'aws:TagKeys': ['zookeeper_maintenance'] } },
    },
    {
      Sid: 'SignalStack',
      Effect: 'Allow',
      Action: ['cloudformation:SignalResource'],
      Resource: { Ref: 'AWS::StackId' },
    },
  ];
}

function claimStatements(): readonly Statement[] {
  return [
    {
      Sid: 'Claim',
      Effect: 'Allow',
      Action: ['logs:CreateLogStream'],
      Resource: subCluster(`${LOGS}:log-stream:*`),
    },
    { Sid: 'SeeClaims', Effect: 'Allow', Action: ['logs:DescribeLogStreams'], Resource: subCluster(`${LOGS}:*`) },
  ];
}

function recordStatements(options: Pick<TemplateOptions, 'zone'>): readonly Statement[] {
  return [
    {
      Sid: 'KeepRecords',
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:PutObject'],
      Resource: [...createdOnce(options), ...REWRITTEN].map((prefix) =>
        subCluster(`\${Bucket.Arn}/\${Cluster}/${prefix}/*`),
      ),
    },
    {
      // Without this right, S3 answers a request for a missing object with 403 instead of 404. AWS does not document
      // whether that check has a prefix, hence IfExists. The bucket is the cluster's own in any case.
      Sid: 'ListRecords',
      Effect: 'Allow',
      Action: ['s3:ListBucket'],
      Resource: { 'Fn::GetAtt': ['Bucket', 'Arn'] },
      Condition: { StringLikeIfExists: { 's3:prefix': subCluster(`\${Cluster}/*`) } },
    },
  ];
}

/**
 * Streams are named after the instance. Logs has no condition that could stop a node from writing to another node's
 * stream.
 */
function logStatements(): readonly Statement[] {
  return [
    {
      Sid: 'SendLogs',
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: subCluster(`${LOGS}/nodes:log-stream:i-*`),
    },
  ];
}

/** Addresses alone, under no names but the cluster's own. */
function nameStatements({ id, name }: Zone): readonly Statement[] {
  const zone = sub(`arn:\${AWS::Partition}:route53:::hostedzone/${id}`);
  const key = (what: string): string => `route53:ChangeResourceRecordSets${what}`;
  const domain = `\${Cluster}.${name}`;
  return [
    { Sid: 'SeeNames', Effect: 'Allow', Action: ['route53:ListResourceRecordSets'], Resource: zone },
    {
      Sid: 'KeepNames',
      Effect: 'Allow',
      Action: ['route53:ChangeResourceRecordSets'],
      Resource: zone,
      Condition: {
        'ForAllValues:StringLike': {
          [key('NormalizedRecordNames')]: [subCluster(domain), subCluster(`zk*.${domain}`)],
        },
        'ForAllValues:StringEquals': { [key('RecordTypes')]: ['A'], [key('Actions')]: ['CREATE', 'DELETE'] },
      },
    },
    {
      Sid: 'AwaitNames',
      Effect: 'Allow',
      Action: ['route53:GetChange'],
      Resource: sub(`arn:\${AWS::Partition}:route53:::change/*`),
    },
  ];
}
