// SPDX-License-Identifier: Apache-2.0
/**
 * The tables of actions against AWS's own reference, which cfn-lint brings along: each action is one of AWS's, and the
 * resource that a call is held against is of a kind that the reference names for it.
 */
import assert from 'node:assert/strict';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { deployerPolicy } from '../../cf/deployer-policy.ts';
import { AUTO_SCALING_ACTIONS } from '../../cloud/iam/actions/auto-scaling.ts';
import { CLOUDFORMATION_ACTIONS } from '../../cloud/iam/actions/cloudformation.ts';
import { EC2_ACTIONS } from '../../cloud/iam/actions/ec2.ts';
import { IAM_ACTIONS } from '../../cloud/iam/actions/iam.ts';
import { LOGS_ACTIONS } from '../../cloud/iam/actions/logs.ts';
import { ROUTE53_ACTIONS } from '../../cloud/iam/actions/route53.ts';
import { S3_ACTIONS } from '../../cloud/iam/actions/s3.ts';
import { actionRule, knownActions } from '../../cloud/iam/actions/tables.ts';
import { checkConditionKeys } from '../../cloud/iam/condition-keys.ts';
import type { ResourceFacts } from '../../cloud/iam/facts.ts';
import { readPolicy } from '../../cloud/iam/policy.ts';
import { motoDirectory } from '../../cloud/moto/moto.ts';
import type { Struct } from '../../cloud/value.ts';

interface Reference {
  readonly [service: string]: {
    readonly Actions: Readonly<Record<string, { readonly Resources?: readonly string[] }>>;
    readonly Resources: Readonly<Record<string, { readonly ARNFormats: readonly string[] }>>;
  };
}

function reference(): Reference {
  const lib = join(motoDirectory(), 'lib');
  const python = readdirSync(lib).find((name) => name.startsWith('python3')) ?? '';
  const file = join(lib, python, 'site-packages', 'cfnlint', 'data', 'AdditionalSpecs', 'Policies.json');
  return JSON.parse(readFileSync(file, 'utf8')) as Reference;
}

const AWS = reference();

test('every action is one of AWS', () => {
  const unknown = [...knownActions().keys()].filter((action) => {
    const [service = '', name = ''] = action.split(':');
    return AWS[service]?.Actions[name.toLowerCase()] === undefined;
  });
  assert.deepEqual(unknown, []);
});

/** A little world in which everything is there. */
const FACTS = {
  region: 'eu-west-1',
  arn: (service: string, resource: string) => `arn:aws:${service}:eu-west-1:123456789012:${resource}`,
  iamArn: (resource: string) => `arn:aws:iam::123456789012:${resource}`,
  groupArn: (name: string) =>
    `arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:0-1:autoScalingGroupName/${name}`,
  groupOf: () => 'orders',
  groupTags: () => new Map(),
  instance: () => undefined,
  ec2Tags: async () => new Map(),
  roleArn: async (name: string) => `arn:aws:iam::123456789012:role/${name}`,
  roleTags: async () => new Map(),
  profileArn: async (name: string) => `arn:aws:iam::123456789012:instance-profile/${name}`,
  roleOfProfile: async () => 'arn:aws:iam::123456789012:role/node',
  template: async () => ({ id: 'lt-0a', name: 't', version: 1, data: { ImageId: 'ami-0a', KeyName: 'key' } }),
  stack: () => ({ arn: 'arn:aws:cloudformation:eu-west-1:123456789012:stack/orders/0-1', tags: new Map() }),
} as unknown as ResourceFacts;

/** Every member that some call is held by. */
const INPUT: Struct = {
  ...{ AutoScalingGroupName: 'orders', InstanceId: 'i-0a', InstanceIds: ['i-0a'], Resources: ['i-0a', 'vol-0a'] },
  ...{
    VolumeId: 'vol-0a',
    NetworkInterfaceId: 'eni-0a',
    AllocationId: 'eipalloc-0a',
    GroupId: 'sg-0a',
    VpcId: 'vpc-0a',
  },
  ...{ SubnetId: 'subnet-0a', SecurityGroupIds: ['sg-0a'], ImageId: 'ami-0a', KeyName: 'key' },
  ...{ LaunchTemplate: { LaunchTemplateId: 'lt-0a', Version: '1' }, LaunchTemplateId: 'lt-0a' },
  ...{ IamInstanceProfile: { Name: 'node' }, VPCZoneIdentifier: 'subnet-0a,subnet-0b' },
  ...{ logGroupName: '/zookeeper/orders', logStreamName: '7.1', StackName: 'orders', ChangeSetName: 'one' },
  ...{ resourceArn: 'arn:aws:logs:eu-west-1:123456789012:log-group:/zookeeper/orders', tags: { a: 'b' } },
  ...{ Bucket: 'records', Key: 'a/b', CopySource: 'records/a', Delete: { Objects: [{ Key: 'a' }] } },
  ...{ RoleName: 'node', InstanceProfileName: 'node', PolicyArn: 'arn:aws:iam::123456789012:policy/see' },
  ...{ HostedZoneId: 'Z1', Id: 'Z1', ResourceType: 'hostedzone', ResourceId: 'Z1' },
  Tags: [{ Key: 'zookeeper_cluster', Value: 'orders', ResourceId: 'orders' }],
  TagSpecifications: ['instance', 'volume', 'security-group', 'security-group-rule', 'launch-template'].map((kind) => ({
    ResourceType: kind,
    Tags: [{ Key: 'a', Value: 'b' }],
  })),
};

/** Calls whose name differs from their action's, and those that only S3 has. */
const API_NAMES = ['HeadObject', 'HeadBucket', 'ListObjectsV2', 'DeleteObjects', 'CopyObject', 'UploadPart'];

test('every call is held against resources of the kinds that AWS names', async () => {
  let held = 0;
  for (const known of [...knownActions().keys(), ...API_NAMES.map((name) => `s3:${name}`)]) {
    const [service = '', name = ''] = known.split(':');
    for (const { action, resource } of (await actionRule(service, name)?.elements(INPUT, FACTS)) ?? []) {
      const [of = '', actionName = ''] = action.split(':');
      const kinds = AWS[of]?.Actions[actionName.toLowerCase()]?.Resources ?? [];
      const formats = kinds.flatMap((kind) => AWS[of]?.Resources[kind.toLowerCase()]?.ARNFormats ?? []);
      const expressions = formats.map((format) => new RegExp(`^${format.replace(/\$\{\w+\}/g, '[^:]*')}`));
      const fits = resource === '*' ? kinds.length === 0 : expressions.some((format) => format.test(resource));
      // Logs asks for the right to all groups where none is named, though its reference names no kind.
      if (action !== 'logs:DescribeLogGroups') {
        assert.ok(fits, `${action} on ${resource}: AWS has ${formats.join(', ')}`);
      }
      held += 1;
    }
  }
  assert.ok(held > 150, `${held}`);
});

test("the deployer's policy asks for nothing that the gateway does not know", () => {
  checkConditionKeys(readPolicy('deployer', 'identity', JSON.parse(JSON.stringify(deployerPolicy()))), knownActions());
});

/** By the name of the service in the table of cloud/README.md. */
const CALLS = {
  ...{ EC2: EC2_ACTIONS, 'Auto Scaling': AUTO_SCALING_ACTIONS, Logs: LOGS_ACTIONS, S3: S3_ACTIONS },
  ...{ 'Route 53': ROUTE53_ACTIONS, IAM: IAM_ACTIONS, CloudFormation: CLOUDFORMATION_ACTIONS },
};

test('what is answered is called by product or lab, or the README says why it is there', () => {
  const root = resolve(import.meta.dirname, '../..');
  const callers = globSync('{ami,bake,bench,build,cf,deploy,lab,src}/**/*.{cjs,hcl,sh,ts}', { cwd: root });
  const own = globSync('cloud/cloudformation/resources/**/*.ts', { cwd: root });
  const text = [...callers, ...own].map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
  assert.ok(own.length > 5 && callers.length > 300, 'A search that finds nothing would prove nothing.');
  const readme = readFileSync(join(root, 'cloud/README.md'), 'utf8');
  const [, section = ''] = readme.split('\n## Answered, though nothing here calls it\n');
  const [table = ''] = section.split('\n## ');
  const cells = table.split('\n').flatMap((line) => line.split('|').slice(1, 2));
  const explained = new Set(
    cells.flatMap((cell) =>
      cell.split(';').flatMap((part) => {
        const [service = '', calls = ''] = part.trim().split(': ');
        return calls.split(', ').map((call) => `${service}: ${call.trim()}`);
      }),
    ),
  );
  const unexplained = Object.entries(CALLS).flatMap(([service, calls]) =>
    Object.keys(calls)
      .filter((call) => !new RegExp(`\\b${call}(?:Command)?\\b`).test(text))
      .map((call) => `${service}: ${call}`)
      .filter((call) => !explained.has(call)),
  );
  assert.deepEqual(unexplained, []);
});
