// SPDX-License-Identifier: Apache-2.0
/**
 * The least rights for a person who deploys. They are of two kinds: the calls of deploy.sh itself, and the calls that
 * CloudFormation makes in the name of that person. The second kind is allowed only through CloudFormation. It follows
 * the permissions that AWS's own schemas list for the handlers of our resource types (CloudFormation registry,
 * `handlers`). A test compares the two.
 */
import { type PolicyDocument, policy, type Statement } from './policy.ts';

/** Narrower is better. A part that is left out means any. */
interface DeployerScope {
  /** `aws` when left out, because a partition can't be left open. */
  readonly partition?: string;
  readonly region?: string;
  readonly account?: string;
  readonly stackName?: string;
  /** A role given with `--instancerole`. */
  readonly instanceRole?: string;
}

type Arn = (service: string, resource: string) => string;

const VIA_CLOUDFORMATION = { 'ForAnyValue:StringEquals': { 'aws:CalledVia': ['cloudformation.amazonaws.com'] } };

export function deployerPolicy(scope: DeployerScope = {}): PolicyDocument {
  const { partition = 'aws', region = '*', account = '*', stackName = '*' } = scope;
  const arn: Arn = (service, resource) => {
    // Names in IAM and of buckets are valid in all regions, and those of buckets in all accounts.
    const place =
      service === 's3' || service === 'route53' ? ':' : service === 'iam' ? `:${account}` : `${region}:${account}`;
    return `arn:${partition}:${service}:${place}:${resource}`;
  };
  return policy([
    ...personStatements(arn, stackName),
    ...networkStatements(arn),
    ...groupStatements(arn, stackName),
    ...roleStatements(arn, stackName, scope.instanceRole),
    ...storeStatements(arn, stackName),
    ...removalStatements(arn, stackName),
  ]);
}

/** The calls of deploy.sh itself. */
function personStatements(arn: Arn, stack: string): readonly Statement[] {
  return [
    {
      Sid: 'Stack',
      Effect: 'Allow',
      Action: [
        'cloudformation:CreateChangeSet',
        'cloudformation:DeleteChangeSet',
        'cloudformation:DeleteStack',
        'cloudformation:DescribeChangeSet',
        'cloudformation:DescribeStackEvents',
        'cloudformation:DescribeStackResource',
        'cloudformation:DescribeStacks',
        'cloudformation:ExecuteChangeSet',
        'cloudformation:ListChangeSets',
        'cloudformation:ListStackResources',
      ],
      Resource: [arn('cloudformation', `stack/${stack}/*`)],
    },
    {
      Sid: 'Look',
      Effect: 'Allow',
      // AWS's schemas need all Describe actions of Auto Scaling and EC2. These actions take no resource.
      Action: ['autoscaling:Describe*', 'ec2:Describe*', 'logs:DescribeLogGroups', 's3:ListAllMyBuckets'],
      Resource: '*',
    },
    {
      Sid: 'LookAtRoles',
      Effect: 'Allow',
      Action: ['iam:GetInstanceProfile', 'iam:GetRole'],
      Resource: [arn('iam', 'role/*'), arn('iam', `instance-profile/${stack}-InstanceProfile-*`)],
    },
    {
      Sid: 'LookAtZones',
      Effect: 'Allow',
      Action: ['route53:GetHostedZone'],
      Resource: [arn('route53', 'hostedzone/*')],
    },
  ];
}

function networkStatements(arn: Arn): readonly Statement[] {
  return [
    {
      Sid: 'NetworkAndLaunchTemplate',
      Effect: 'Allow',
      Action: [
        'ec2:AllocateAddress',
        'ec2:AuthorizeSecurityGroupEgress',
        'ec2:AuthorizeSecurityGroupIngress',
        'ec2:CreateLaunchTemplate',
        'ec2:CreateLaunchTemplateVersion',
        'ec2:CreateSecurityGroup',
        'ec2:DeleteLaunchTemplate',
        'ec2:DeleteSecurityGroup',
        'ec2:ReleaseAddress',
        'ec2:RevokeSecurityGroupEgress',
        'ec2:RevokeSecurityGroupIngress',
        'ec2:UpdateSecurityGroupRuleDescriptionsEgress',
        'ec2:UpdateSecurityGroupRuleDescriptionsIngress',
      ],
      Resource: ['elastic-ip', 'launch-template', 'security-group', 'security-group-rule', 'vpc'].map((kind) =>
        arn('ec2', `${kind}/*`),
      ),
      Condition: VIA_CLOUDFORMATION,
    },
    {
      // The person who owns the group must have the right to start what the launch template describes.
      Sid: 'Instances',
      Effect: 'Allow',
      Action: ['ec2:RunInstances'],
      Resource: '*',
      Condition: VIA_CLOUDFORMATION,
    },
    {
      Sid: 'Tags',
      Effect: 'Allow',
      Action: ['ec2:CreateTags', 'ec2:DeleteTags'],
      Resource: ['elastic-ip', 'instance', 'launch-template', 'security-group', 'security-group-rule', 'volume'].map(
        (kind) => arn('ec2', `${kind}/*`),
      ),
      Condition: VIA_CLOUDFORMATION,
    },
  ];
}

function groupStatements(arn: Arn, stack: string): readonly Statement[] {
  return [
    {
      Sid: 'Group',
      Effect: 'Allow',
      Action: [
        'autoscaling:CreateAutoScalingGroup',
        'autoscaling:CreateOrUpdateTags',
        'autoscaling:DeleteAutoScalingGroup',
        'autoscaling:DeleteLifecycleHook',
        'autoscaling:DeleteTags',
        'autoscaling:PutLifecycleHook',
        'autoscaling:ResumeProcesses',
        'autoscaling:SuspendProcesses',
        'autoscaling:TerminateInstanceInAutoScalingGroup',
        'autoscaling:UpdateAutoScalingGroup',
      ],
      Resource: [arn('autoscaling', `autoScalingGroup:*:autoScalingGroupName/${stack}-Group-*`)],
      Condition: VIA_CLOUDFORMATION,
    },
  ];
}

function roleStatements(arn: Arn, stack: string, given: string | undefined): readonly Statement[] {
  const made = arn('iam', `role/${stack}-Role-*`);
  const passed = given === undefined ? [made] : [made, arn('iam', `role/${given}`)];
  return [
    {
      Sid: 'RoleAndProfile',
      Effect: 'Allow',
      Action: [
        'iam:CreateRole',
        'iam:DeleteRole',
        'iam:DeleteRolePolicy',
        'iam:GetRolePolicy',
        'iam:ListAttachedRolePolicies',
        'iam:ListRolePolicies',
        'iam:ListRoleTags',
        'iam:PutRolePolicy',
        'iam:TagRole',
        'iam:UntagRole',
        'iam:UpdateAssumeRolePolicy',
        'iam:UpdateRole',
        'iam:UpdateRoleDescription',
        'iam:AddRoleToInstanceProfile',
        'iam:CreateInstanceProfile',
        'iam:DeleteInstanceProfile',
        'iam:RemoveRoleFromInstanceProfile',
      ],
      Resource: [made, arn('iam', `instance-profile/${stack}-InstanceProfile-*`)],
      Condition: VIA_CLOUDFORMATION,
    },
    {
      Sid: 'PassRole',
      Effect: 'Allow',
      Action: ['iam:PassRole'],
      Resource: passed,
      Condition: { StringLike: { 'iam:PassedToService': 'ec2.amazonaws.com*' } },
    },
    {
      // Auto Scaling's own role, which AWS makes with the first group of an account.
      Sid: 'FirstGroup',
      Effect: 'Allow',
      Action: ['iam:CreateServiceLinkedRole'],
      Resource: [arn('iam', 'role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling')],
      Condition: { StringEquals: { 'iam:AWSServiceName': 'autoscaling.amazonaws.com' } },
    },
  ];
}

function storeStatements(arn: Arn, stack: string): readonly Statement[] {
  return [
    {
      Sid: 'LogGroups',
      Effect: 'Allow',
      Action: [
        'logs:CreateLogGroup',
        'logs:DeleteRetentionPolicy',
        'logs:DescribeIndexPolicies',
        'logs:DescribeResourcePolicies',
        'logs:GetDataProtectionPolicy',
        'logs:ListTagsForResource',
        'logs:PutRetentionPolicy',
        'logs:TagResource',
        'logs:UntagResource',
      ],
      Resource: [arn('logs', `log-group:/zookeeper/${stack}-*`)],
      Condition: VIA_CLOUDFORMATION,
    },
    {
      Sid: 'Bucket',
      Effect: 'Allow',
      Action: [
        's3:CreateBucket',
        's3:DeleteBucketPolicy',
        's3:GetBucket*',
        's3:Get*Configuration',
        's3:ListBucket',
        's3:ListTagsForResource',
        's3:PutBucketOwnershipControls',
        's3:PutBucketPolicy',
        's3:PutBucketPublicAccessBlock',
        's3:PutBucketTagging',
        's3:PutBucketVersioning',
        's3:PutEncryptionConfiguration',
        's3:TagResource',
        's3:UntagResource',
      ],
      Resource: [bucketOf(arn, stack)],
      Condition: VIA_CLOUDFORMATION,
    },
  ];
}

/** Rights for `deploy.sh --delete`: it lists and removes what a deleted stack leaves behind, with the data. */
function removalStatements(arn: Arn, stack: string): readonly Statement[] {
  return [
    {
      Sid: 'LogGroupsLeft',
      Effect: 'Allow',
      Action: ['logs:DeleteLogGroup', 'logs:DescribeLogStreams', 'logs:ListTagsForResource'],
      Resource: [arn('logs', `log-group:/zookeeper/${stack}-*`)],
    },
    {
      Sid: 'BucketsLeft',
      Effect: 'Allow',
      Action: [
        's3:DeleteBucket',
        's3:DeleteObject',
        's3:DeleteObjectVersion',
        's3:GetBucketLocation',
        's3:GetBucketTagging',
        's3:ListBucketVersions',
      ],
      Resource: [bucketOf(arn, stack), `${bucketOf(arn, stack)}/*`],
    },
  ];
}

/** CloudFormation writes the names of buckets in lower case. */
function bucketOf(arn: Arn, stack: string): string {
  return arn('s3', `${stack.toLowerCase()}-bucket-*`);
}
