// SPDX-License-Identifier: Apache-2.0
/**
 * The least rights for a person who builds: the calls of build.sh itself, and those of Packer's amazon-ebs builder. A
 * bake changes only what it has made itself. The policy knows it by the tag `bake`, which all of it carries, or by its
 * name where EC2 sets no tag.
 */
import { type PolicyDocument, policy, type Statement } from '../cf/policy.ts';

/** Narrower is better. A part that is left out means any. */
interface BuilderScope {
  /** `aws` when left out, because a partition can't be left open. */
  readonly partition?: string;
  readonly region?: string;
  readonly account?: string;
  /** The profile that `--iam-instance-profile` gives to the instance. */
  readonly instanceProfile?: string;
  /** The role of the profile; the same name when left out. */
  readonly instanceRole?: string;
}

const OF_A_BAKE = { StringLike: { 'aws:ResourceTag/bake': ['zk-bake-*'] } };
const FOR_A_BAKE = { StringLike: { 'aws:RequestTag/bake': ['zk-bake-*'] } };

export function builderPolicy(scope: BuilderScope = {}): PolicyDocument {
  const { partition = 'aws', region = '*', account = '*' } = scope;
  const own = (...kinds: readonly string[]) => kinds.map((kind) => `arn:${partition}:ec2:${region}:${account}:${kind}`);
  // Images and snapshots belong to no account in their ARNs.
  const shared = (...kinds: readonly string[]) => kinds.map((kind) => `arn:${partition}:ec2:${region}::${kind}`);
  return policy([
    {
      Sid: 'Look',
      Effect: 'Allow',
      // These actions take no resource.
      Action: [
        'ec2:DescribeImages',
        'ec2:DescribeInstanceTypeOfferings',
        'ec2:DescribeInstanceTypes',
        'ec2:DescribeInstances',
        'ec2:DescribeKeyPairs',
        'ec2:DescribeRegions',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSnapshots',
        'ec2:DescribeSubnets',
        'ec2:DescribeVolumes',
        'ec2:DescribeVpcs',
      ],
      Resource: '*',
    },
    {
      Sid: 'KeyPair',
      Effect: 'Allow',
      Action: ['ec2:CreateKeyPair', 'ec2:DeleteKeyPair'],
      Resource: own('key-pair/zk-bake-*'),
    },
    {
      // Packer 1.6 does not tag its security group.
      Sid: 'SecurityGroup',
      Effect: 'Allow',
      Action: ['ec2:AuthorizeSecurityGroupIngress', 'ec2:CreateSecurityGroup', 'ec2:DeleteSecurityGroup'],
      Resource: own('security-group/*', 'vpc/*'),
    },
    {
      Sid: 'RunWith',
      Effect: 'Allow',
      Action: ['ec2:RunInstances'],
      Resource: [
        ...own('key-pair/zk-bake-*', 'network-interface/*', 'security-group/*', 'subnet/*'),
        ...shared('image/*'),
      ],
    },
    {
      Sid: 'Run',
      Effect: 'Allow',
      Action: ['ec2:RunInstances'],
      Resource: own('instance/*', 'volume/*'),
      Condition: FOR_A_BAKE,
    },
    {
      Sid: 'TagWhatIsMade',
      Effect: 'Allow',
      Action: ['ec2:CreateTags'],
      Resource: own('instance/*', 'key-pair/*', 'network-interface/*', 'security-group/*', 'volume/*'),
      Condition: {
        ...FOR_A_BAKE,
        StringEquals: { 'ec2:CreateAction': ['CreateKeyPair', 'CreateSecurityGroup', 'RunInstances'] },
      },
    },
    {
      // Packer 1.6 tags the image only after it is made.
      Sid: 'TagImage',
      Effect: 'Allow',
      Action: ['ec2:CreateTags'],
      Resource: shared('image/*', 'snapshot/*'),
      Condition: FOR_A_BAKE,
    },
    {
      Sid: 'Instance',
      Effect: 'Allow',
      Action: ['ec2:CreateImage', 'ec2:ModifyInstanceMetadataOptions', 'ec2:StopInstances', 'ec2:TerminateInstances'],
      Resource: own('instance/*'),
      Condition: OF_A_BAKE,
    },
    {
      Sid: 'MakeImage',
      Effect: 'Allow',
      Action: ['ec2:CreateImage'],
      Resource: shared('image/*', 'snapshot/*'),
    },
    {
      Sid: 'Image',
      Effect: 'Allow',
      Action: ['ec2:DeleteSnapshot', 'ec2:DeregisterImage', 'ec2:ModifyImageAttribute'],
      Resource: shared('image/*', 'snapshot/*'),
      Condition: OF_A_BAKE,
    },
    ...profileStatements(scope, partition, account),
  ]);
}

/** Needed only by a person who gives the instance a profile. */
function profileStatements(scope: BuilderScope, partition: string, account: string): readonly Statement[] {
  const { instanceProfile, instanceRole = instanceProfile } = scope;
  if (instanceProfile === undefined || instanceRole === undefined) return [];
  return [
    {
      Sid: 'InstanceProfile',
      Effect: 'Allow',
      Action: ['iam:GetInstanceProfile'],
      Resource: [`arn:${partition}:iam::${account}:instance-profile/${instanceProfile}`],
    },
    {
      Sid: 'PassRole',
      Effect: 'Allow',
      Action: ['iam:PassRole'],
      Resource: [`arn:${partition}:iam::${account}:role/${instanceRole}`],
      Condition: { StringLike: { 'iam:PassedToService': 'ec2.amazonaws.com*' } },
    },
  ];
}
