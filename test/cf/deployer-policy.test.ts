// SPDX-License-Identifier: Apache-2.0
/**
 * The deployer's policy against what AWS itself says that CloudFormation needs: the schemas of our resource types,
 * which cfn-lint carries, name the permissions of each handler.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { deployerPolicy } from '../../cf/deployer-policy.ts';
import { installCfnLint } from '../../cf/lint.ts';
import { COMBINATIONS, templateOf } from './combinations.ts';

/** Permissions for what our template does not use of a type, by the reason. */
const NOT_NEEDED: Readonly<Record<string, readonly string[]>> = {
  'the group has no metrics, notifications, load balancers or traffic sources': [
    ...['autoscaling:EnableMetricsCollection', 'autoscaling:DisableMetricsCollection', 'cloudwatch:PutMetricAlarm'],
    ...['autoscaling:PutNotificationConfiguration', 'autoscaling:DeleteNotificationConfiguration'],
    ...['autoscaling:AttachLoadBalancerTargetGroups', 'autoscaling:DetachLoadBalancerTargetGroups'],
    ...['autoscaling:AttachLoadBalancers', 'autoscaling:DetachLoadBalancers', 'elasticloadbalancing:Describe*'],
    ...['autoscaling:AttachTrafficSources', 'autoscaling:DetachTrafficSources', 'vpc-lattice:*'],
  ],
  'the group is updated by a rolling update, is no managed fleet, and names its image and type': [
    ...['autoscaling:StartInstanceRefresh', 'autoscaling:CancelInstanceRefresh', 'managed-fleets:*', 'ssm:Get*'],
    'ec2:Get*',
  ],
  'the nodes associate the Elastic IPs, which are free again when the group is gone': [
    ...['ec2:AcceptAddressTransfer', 'ec2:AssociateAddress', 'ec2:DisassociateAddress'],
  ],
  'the role has its policy inline, and no boundary': [
    ...['iam:AttachRolePolicy', 'iam:DetachRolePolicy'],
    ...['iam:PutRolePermissionsBoundary', 'iam:DeleteRolePermissionsBoundary'],
  ],
  'log groups have no key, index, protection or delivery': [
    ...['logs:AssociateKmsKey', 'logs:DisassociateKmsKey', 'logs:PutIndexPolicy', 'logs:DeleteIndexPolicy'],
    ...['logs:PutDataProtectionPolicy', 'logs:DeleteDataProtectionPolicy', 'logs:CreateLogDelivery'],
    ...['logs:PutResourcePolicy', 'logs:DeleteResourcePolicy', 'logs:PutLogGroupDeletionProtection'],
    ...['logs:PutBearerTokenAuthentication', 's3:REST.PUT.OBJECT', 'firehose:TagDeliveryStream'],
  ],
  'the bucket is encrypted, versioned, private and owned, and nothing more': [
    ...['s3:*Abac', 's3:*AnalyticsConfiguration', 's3:PutBucketCORS', 's3:DeleteBucketCors', 's3:PutBucketAcl'],
    ...['s3:PutInventoryConfiguration', 's3:PutLifecycleConfiguration', 's3:DeleteBucketLifecycle'],
    ...['s3:*MetricsConfiguration', 's3:PutBucketNotification', 's3:*Replication', 's3:PutReplicationConfiguration'],
    ...['s3:*BucketWebsite', 's3:PutAccelerateConfiguration', 's3:PutObjectAcl', 's3:*ObjectLockConfiguration'],
    ...['s3:PutBucketLogging', 's3:*IntelligentTieringConfiguration', 's3:*TableConfiguration', 's3tables:*'],
    ...['s3:DeleteBucketEncryption', 's3:DeleteBucketTagging'],
  ],
};

interface Schema {
  readonly typeName: string;
  readonly tagging?: { readonly permissions?: readonly string[] };
  readonly handlers: Readonly<Record<string, { readonly permissions?: readonly string[] }>>;
}

function schemas(types: ReadonlySet<string>): readonly Schema[] {
  const root = new URL('../../.cache/', import.meta.url).pathname;
  const files = globSync('cfn-lint-*/lib/python3*/site-packages/cfnlint/data/schemas/resources/*.json', { cwd: root });
  return files.flatMap((file) => {
    const text = readFileSync(`${root}${file}`, 'utf8');
    if (![...types].some((type) => text.includes(`"${type}"`))) return [];
    const schema = JSON.parse(text) as Schema;
    return types.has(schema.typeName) ? [schema] : [];
  });
}

function matches(pattern: string, action: string): boolean {
  const expression = pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('\\*', '.*');
  return new RegExp(`^${expression}$`, 'i').test(action);
}

const types = new Set(
  Object.keys(COMBINATIONS).flatMap((name) => Object.values(templateOf(name).Resources).map(({ Type }) => Type)),
);
const granted = deployerPolicy().Statement.flatMap(({ Action = [] }) => Action);
let needed: ReadonlySet<string>;

before(async () => {
  await installCfnLint();
  const found = schemas(types);
  assert.deepEqual(new Set(found.map(({ typeName }) => typeName)), types);
  needed = new Set(
    found.flatMap(({ handlers, tagging }) => [
      ...(tagging?.permissions ?? []),
      // The list handler is for who lists all resources of a type, which CloudFormation does not.
      ...Object.entries(handlers).flatMap(([name, { permissions = [] }]) => (name === 'list' ? [] : permissions)),
    ]),
  );
});

test('everything that the handlers of our types need is allowed, or is for what we do not use', () => {
  const excused = Object.values(NOT_NEEDED).flat();
  const missing = [...needed].filter((action) => ![...granted, ...excused].some((one) => matches(one, action)));
  assert.deepEqual(missing.sort(), []);
});

test('no excuse is stale, and none is for what is allowed', () => {
  for (const [reason, excused] of Object.entries(NOT_NEEDED)) {
    for (const one of excused) {
      assert.ok(
        [...needed].some((action) => matches(one, action)),
        `${one}: ${reason}`,
      );
      assert.ok(!granted.includes(one), `${one}: ${reason}`);
    }
  }
});

/** What no handler names: deploy.sh's own calls, and what a rolling update and --delete do. */
const BESIDE_THE_HANDLERS = [
  ...['autoscaling:TerminateInstanceInAutoScalingGroup', 'iam:ListRoleTags', 's3:ListAllMyBuckets'],
  'route53:GetHostedZone',
  ...['s3:GetBucketLocation', 's3:ListBucketVersions', 's3:DeleteObject', 's3:DeleteObjectVersion'],
  ...['s3:GetBucket*', 's3:Get*Configuration', 'logs:DescribeLogStreams'],
];

test('nothing is allowed that nobody needs', () => {
  const unneeded = granted.filter(
    (action) =>
      !action.startsWith('cloudformation:') &&
      !BESIDE_THE_HANDLERS.includes(action) &&
      ![...needed].some((one) => matches(action, one) || matches(one, action)),
  );
  assert.deepEqual(unneeded, []);
});

test('what changes something is allowed through CloudFormation only, but for the stack and what it leaves behind', () => {
  const direct = deployerPolicy().Statement.filter(({ Condition = {} }) => !('ForAnyValue:StringEquals' in Condition));
  const changing = direct.flatMap(({ Action = [] }) => Action).filter((action) => !/:(Describe|Get|List)/.test(action));
  assert.deepEqual(changing.sort(), [
    'cloudformation:CreateChangeSet',
    'cloudformation:DeleteChangeSet',
    'cloudformation:DeleteStack',
    'cloudformation:ExecuteChangeSet',
    'iam:CreateServiceLinkedRole',
    'iam:PassRole',
    'logs:DeleteLogGroup',
    's3:DeleteBucket',
    's3:DeleteObject',
    's3:DeleteObjectVersion',
  ]);
});

test('for one stack it names that stack, and no other', () => {
  const text = JSON.stringify(deployerPolicy({ stackName: 'Orders', account: '123456789012', region: 'eu-west-1' }));
  assert.match(text, /arn:aws:cloudformation:eu-west-1:123456789012:stack\/Orders\/\*/);
  assert.match(text, /arn:aws:s3:::orders-bucket-\*/);
  assert.doesNotMatch(text, /(?:role|instance-profile|autoScalingGroupName|stack)\/\*-/);
});

test('it fits into one managed policy, which has at most 6,144 characters', () => {
  const scope = { stackName: 'a-name-of-quite-some-length', account: '123456789012', region: 'ap-southeast-2' };
  for (const document of [deployerPolicy(), deployerPolicy(scope)]) assert.ok(JSON.stringify(document).length <= 6_144);
});
