// SPDX-License-Identifier: Apache-2.0
/** Each resource type: what it makes of its properties, how it changes, and in whose name. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Capability } from '@aws-sdk/client-cloudformation';
import {
  CreateVpcCommand,
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSubnetsCommand,
  DescribeTagsCommand,
} from '@aws-sdk/client-ec2';
import {
  CreatePolicyCommand,
  GetInstanceProfileCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam';
import {
  ChangeResourceRecordSetsCommand,
  GetHostedZoneCommand,
  ListTagsForResourceCommand,
} from '@aws-sdk/client-route-53';
import {
  GetBucketEncryptionCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import { deployerPolicy } from '../../cf/deployer-policy.ts';
import { templateOptions } from '../../cf/options.ts';
import { template as productTemplate, templateText } from '../../cf/template.ts';
import { Nodes } from './cloudformation-groups.ts';
import { changesIn, type Json, logGroup, outputsOf, Stacks, templateOf } from './cloudformation-stacks.ts';
import { LocalAws, refused } from './local-aws.ts';

let aws: LocalAws;
let stacks: Stacks;
let iam: IAMClient;
let subnets: readonly string[];
let vpc: string;
before(async () => {
  aws = await LocalAws.start({ deployerPolicy: deployerPolicy(), cloudFormationTimings: { pollMs: 50 } });
  stacks = new Stacks(aws);
  const credentials = { accessKeyId: 'AKIASTACKSOPERATOR', secretAccessKey: 'not-checked' };
  iam = new IAMClient({ endpoint: aws.cloud.url, region: aws.cloud.region, credentials, maxAttempts: 1 });
  subnets = await aws.subnets();
  const { Subnets: [subnet] = [] } = await aws.operator.ec2.send(
    new DescribeSubnetsCommand({ SubnetIds: [...subnets] }),
  );
  vpc = subnet?.VpcId ?? '';
});
after(async () => {
  stacks.close();
  iam.destroy();
  await aws.close();
});

const TRUST = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};
const allow = (Action: string) => ({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] });

test('a role with its policies and its profile; policies that go, go last', async () => {
  const name = stacks.name();
  const role = (properties: { readonly [name: string]: Json }) => ({
    Type: 'AWS::IAM::Role',
    Properties: { AssumeRolePolicyDocument: TRUST, ...properties },
  });
  const profile = (Role: string) => ({ Type: 'AWS::IAM::InstanceProfile', Properties: { Roles: [{ Ref: Role }] } });
  const PolicyDocument = JSON.stringify(allow('ec2:DescribeAddresses'));
  const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: aws.name('policy'), PolicyDocument }));
  const outputs = { Arn: { 'Fn::GetAtt': ['Role', 'Arn'] }, Profile: { 'Fn::GetAtt': ['Profile', 'Arn'] } };
  const first = {
    Description: 'first',
    Policies: [
      { PolicyName: 'a', PolicyDocument: allow('ec2:DescribeVpcs') },
      { PolicyName: 'b', PolicyDocument: allow('ec2:DescribeSubnets') },
    ],
    ManagedPolicyArns: [Policy?.Arn ?? ''],
    Tags: [{ Key: 'k', Value: 'v' }],
  };
  const stack = await stacks.create(name, templateOf({ Role: role(first), Profile: profile('Role') }, { outputs }));
  assert.equal(stack.StackStatus, 'CREATE_COMPLETE', (await stacks.story(name)).join('\n'));
  const [RoleName, InstanceProfileName] = [
    await stacks.physicalId(name, 'Role'),
    await stacks.physicalId(name, 'Profile'),
  ];
  const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
  assert.equal(Role?.Arn, outputsOf(stack).Arn);
  assert.deepEqual(JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')), TRUST);
  assert.deepEqual(Role?.Tags, first.Tags);
  const { InstanceProfile } = await iam.send(new GetInstanceProfileCommand({ InstanceProfileName }));
  assert.deepEqual(
    InstanceProfile?.Roles?.map((one) => one.RoleName),
    [RoleName],
  );
  assert.equal(InstanceProfile?.Arn, outputsOf(stack).Profile);
  const second = {
    Description: 'second',
    Policies: [{ PolicyName: 'b', PolicyDocument: allow('ec2:DescribeImages') }],
  };
  await stacks.update(name, templateOf({ Role: role(second), Profile: profile('Role') }, { outputs }));
  assert.equal((await iam.send(new GetRoleCommand({ RoleName }))).Role?.Description, 'second');
  assert.deepEqual((await iam.send(new ListRolePoliciesCommand({ RoleName }))).PolicyNames, ['b']);
  assert.deepEqual((await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }))).AttachedPolicies, []);
  const changed = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: 'b' }));
  assert.deepEqual(JSON.parse(decodeURIComponent(changed.PolicyDocument ?? '')), allow('ec2:DescribeImages'));
  const both = { Role: role(second), Other: role({}), Profile: profile('Other') };
  assert.deepEqual(changesIn(await stacks.changeSet(name, templateOf(both, { outputs }))), [
    'Add Other',
    'Modify Profile False',
  ]);
  await stacks.update(name, templateOf(both, { outputs }));
  const { InstanceProfile: later } = await iam.send(new GetInstanceProfileCommand({ InstanceProfileName }));
  assert.deepEqual(
    later?.Roles?.map((one) => one.RoleName),
    [await stacks.physicalId(name, 'Other')],
  );
  assert.equal((await stacks.delete(name)).StackStatus, 'DELETE_COMPLETE');
  await refused(iam.send(new GetRoleCommand({ RoleName })), 'NoSuchEntityException');
});

test('a bucket: private, encrypted, versioned, owned, with its policy; and back', async () => {
  const name = stacks.name();
  const policy = (Action: string): Json => ({
    Version: '2012-10-17',
    Statement: [
      {
        ...{ Effect: 'Deny', Principal: '*', Action },
        Resource: [{ 'Fn::GetAtt': ['Bucket', 'Arn'] }],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ],
  });
  const template = (properties: { readonly [name: string]: Json }, action: string) =>
    templateOf({
      Bucket: { Type: 'AWS::S3::Bucket', Properties: properties },
      Policy: {
        Type: 'AWS::S3::BucketPolicy',
        Properties: { Bucket: { Ref: 'Bucket' }, PolicyDocument: policy(action) },
      },
    });
  const closed = {
    BlockPublicAcls: true,
    BlockPublicPolicy: true,
    IgnorePublicAcls: true,
    RestrictPublicBuckets: true,
  };
  const full = {
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
    },
    OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    PublicAccessBlockConfiguration: closed,
    VersioningConfiguration: { Status: 'Enabled' },
  };
  const made = await stacks.create(name, template(full, 's3:GetObjectVersion'));
  assert.equal(made.StackStatus, 'CREATE_COMPLETE', (await stacks.story(name)).join('\n'));
  const Bucket = await stacks.physicalId(name, 'Bucket');
  const { s3 } = aws.operator;
  assert.deepEqual((await s3.send(new GetPublicAccessBlockCommand({ Bucket }))).PublicAccessBlockConfiguration, closed);
  assert.equal((await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status, 'Enabled');
  const { OwnershipControls } = await s3.send(new GetBucketOwnershipControlsCommand({ Bucket }));
  assert.equal(OwnershipControls?.Rules?.[0]?.ObjectOwnership, 'BucketOwnerEnforced');
  const { ServerSideEncryptionConfiguration: rules } = await s3.send(new GetBucketEncryptionCommand({ Bucket }));
  assert.equal(rules?.Rules?.[0]?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm, 'AES256');
  const read = async () =>
    JSON.parse((await s3.send(new GetBucketPolicyCommand({ Bucket }))).Policy ?? '{}').Statement[0];
  assert.deepEqual((await read()).Resource, [`arn:aws:s3:::${Bucket}`]);
  await stacks.update(name, template({ PublicAccessBlockConfiguration: closed }, 's3:ListBucket'));
  assert.equal((await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status, 'Suspended');
  assert.equal((await read()).Action, 's3:ListBucket');
  assert.equal((await stacks.delete(name)).StackStatus, 'DELETE_COMPLETE');
});

test('rules of their own let two security groups name each other; a description changes in place', async () => {
  const name = stacks.name();
  const group = {
    Type: 'AWS::EC2::SecurityGroup',
    Properties: { GroupDescription: 'x', VpcId: vpc, SecurityGroupEgress: [] },
  };
  const rule = (type: string, GroupId: string, other: string) => ({
    Type: `AWS::EC2::SecurityGroup${type}`,
    Properties: {
      GroupId: { Ref: GroupId },
      ...{ IpProtocol: 'tcp', FromPort: 2888, ToPort: 2888 },
      [type === 'Ingress' ? 'SourceSecurityGroupId' : 'DestinationSecurityGroupId']: { Ref: other },
    },
  });
  // Moto keeps the description of rules for networks only.
  const described = (Description: string) => ({
    Type: 'AWS::EC2::SecurityGroupIngress',
    Properties: {
      GroupId: { Ref: 'A' },
      ...{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, CidrIp: '127.0.0.0/8' },
      Description,
    },
  });
  const template = (text: string) =>
    templateOf({
      ...{ A: group, B: group, In: rule('Ingress', 'A', 'B'), Out: rule('Egress', 'B', 'A') },
      Described: described(text),
    });
  await stacks.create(name, template('first'));
  const [a, b] = [await stacks.physicalId(name, 'A'), await stacks.physicalId(name, 'B')];
  const rules = async (id: string) => {
    const Filters = [{ Name: 'group-id', Values: [id] }];
    const { SecurityGroupRules = [] } = await aws.operator.ec2.send(new DescribeSecurityGroupRulesCommand({ Filters }));
    return SecurityGroupRules.map((one) =>
      [one.IsEgress ? 'to' : 'from', one.ReferencedGroupInfo?.GroupId ?? one.CidrIpv4, one.Description ?? '']
        .join(' ')
        .trim(),
    ).sort();
  };
  assert.deepEqual(await rules(a), ['from 127.0.0.0/8 first', `from ${b}`]);
  assert.deepEqual(await rules(b), [`to ${a}`]);
  assert.deepEqual(changesIn(await stacks.changeSet(name, template('second'))), ['Modify Described False']);
  await stacks.update(name, template('second'));
  assert.deepEqual(await rules(a), ['from 127.0.0.0/8 second', `from ${b}`]);
  assert.equal((await stacks.delete(name)).StackStatus, 'DELETE_COMPLETE');
});

test('a launch template takes texts for numbers, and its tags change without a new version', async () => {
  const name = stacks.name();
  const image = await aws.image();
  const template = (Value: string) =>
    templateOf({
      Template: {
        Type: 'AWS::EC2::LaunchTemplate',
        Properties: {
          LaunchTemplateData: {
            ...{ ImageId: image, InstanceType: 't3.small' },
            BlockDeviceMappings: [
              { DeviceName: '/dev/xvda', Ebs: { VolumeSize: '20', VolumeType: 'gp3', Encrypted: 'true' } },
            ],
            MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
          },
          TagSpecifications: [{ ResourceType: 'launch-template', Tags: [{ Key: 'k', Value }] }],
        },
      },
    });
  const stack = await stacks.create(name, template('first'));
  assert.equal(stack.StackStatus, 'CREATE_COMPLETE', (await stacks.story(name)).join('\n'));
  const LaunchTemplateId = await stacks.physicalId(name, 'Template');
  const versions = new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId });
  const { LaunchTemplateVersions: [version] = [] } = await aws.operator.ec2.send(versions);
  const ebs = version?.LaunchTemplateData?.BlockDeviceMappings?.[0]?.Ebs;
  assert.deepEqual([ebs?.VolumeSize, ebs?.VolumeType, ebs?.Encrypted], [20, 'gp3', true]);
  assert.equal(version?.LaunchTemplateData?.MetadataOptions?.HttpTokens, 'required');
  await stacks.update(name, template('second'));
  const found = new DescribeLaunchTemplatesCommand({ LaunchTemplateIds: [LaunchTemplateId] });
  const { LaunchTemplates: [after] = [] } = await aws.operator.ec2.send(found);
  assert.equal(after?.LatestVersionNumber, 1);
  // Moto shows with the template itself only the tags that it was made with.
  const ofTemplate = new DescribeTagsCommand({ Filters: [{ Name: 'resource-id', Values: [LaunchTemplateId] }] });
  const { Tags: [tag] = [] } = await aws.operator.ec2.send(ofTemplate);
  assert.deepEqual([tag?.Key, tag?.Value], ['k', 'second']);
  assert.equal((await stacks.delete(name)).StackStatus, 'DELETE_COMPLETE');
});

test('a private hosted zone: its VPCs and tags change in place, and records of others keep it', async () => {
  const name = stacks.name();
  const { Vpc } = await aws.operator.ec2.send(new CreateVpcCommand({ CidrBlock: '127.60.0.0/16' }));
  const second = Vpc?.VpcId ?? '';
  const { route53 } = aws.operator;
  const template = (vpcs: readonly string[], value: string) =>
    templateOf(
      {
        Zone: {
          Type: 'AWS::Route53::HostedZone',
          Properties: {
            Name: 'stacks.internal',
            HostedZoneConfig: { Comment: value },
            VPCs: vpcs.map((VPCId) => ({ VPCId, VPCRegion: { Ref: 'AWS::Region' } })),
            HostedZoneTags: [{ Key: 'k', Value: value }],
          },
        },
      },
      { outputs: { Zone: { Ref: 'Zone' }, Id: { 'Fn::GetAtt': ['Zone', 'Id'] } } },
    );
  const made = await stacks.create(name, template([vpc], 'first'), { Tags: [{ Key: 'team', Value: 'orders' }] });
  assert.equal(made.StackStatus, 'CREATE_COMPLETE', (await stacks.story(name)).join('\n'));
  const { Zone: Id = '', Id: attribute } = outputsOf(made);
  assert.match(Id, /^Z[A-Z0-9]+$/);
  assert.equal(attribute, Id);
  const { VPCs, HostedZone } = await route53.send(new GetHostedZoneCommand({ Id }));
  assert.deepEqual([VPCs?.map(({ VPCId }) => VPCId), HostedZone?.Config?.Comment], [[vpc], 'first']);
  await stacks.update(name, template([second], 'second'), { Tags: [{ Key: 'team', Value: 'orders' }] });
  const changed = await route53.send(new GetHostedZoneCommand({ Id }));
  assert.deepEqual(
    [changed.VPCs?.map(({ VPCId }) => VPCId), changed.HostedZone?.Config?.Comment],
    [[second], 'second'],
  );
  const { ResourceTagSet } = await route53.send(
    new ListTagsForResourceCommand({ ResourceType: 'hostedzone', ResourceId: Id }),
  );
  assert.deepEqual(ResourceTagSet?.Tags?.map(({ Key, Value }) => `${Key}=${Value}`).sort(), [
    'k=second',
    'team=orders',
  ]);
  const record = { Name: 'a.stacks.internal', Type: 'A' as const, TTL: 10, ResourceRecords: [{ Value: '10.0.0.1' }] };
  const change = (Action: 'CREATE' | 'DELETE') =>
    route53.send(
      new ChangeResourceRecordSetsCommand({
        HostedZoneId: Id,
        ChangeBatch: { Changes: [{ Action, ResourceRecordSet: record }] },
      }),
    );
  await change('CREATE');
  const kept = await stacks.delete(name);
  assert.equal(kept.StackStatus, 'DELETE_FAILED');
  assert.ok((await stacks.story(name, 'Zone')).some((line) => line.includes('HostedZoneNotEmpty')));
  await change('DELETE');
  assert.equal((await stacks.delete(name)).StackStatus, 'DELETE_COMPLETE');
  await refused(route53.send(new GetHostedZoneCommand({ Id })), 'NoSuchHostedZone');
});

test('CloudFormation calls in the name of the person: what she may not do fails the resource with AccessDenied', async () => {
  const own = new Stacks(aws, 'deployer');
  const name = own.name();
  try {
    const template = templateOf({ Logs: logGroup({ LogGroupName: '/somebody/else' }) });
    await own.execute(await own.changeSet(name, template, { ChangeSetType: 'CREATE' }));
    assert.equal((await own.settled(name)).StackStatus, 'ROLLBACK_COMPLETE');
    const story = await own.story(name, 'Logs');
    assert.match(
      story.find((line) => line.startsWith('CREATE_FAILED')) ?? '',
      /deployer is not authorized to perform: logs:CreateLogGroup .*HandlerErrorCode: AccessDenied/,
    );
    const [call] = aws.cloud.calls.list({ service: 'logs', caller: 'deployer' });
    assert.deepEqual([call?.action, call?.outcome], ['CreateLogGroup', 'AccessDeniedException']);
  } finally {
    own.close();
  }
});

test("the product's own template: created, changed and deleted with the deployer's policy alone", async () => {
  const own = new Stacks(aws, 'deployer');
  const base = { stackname: 'product', vpcid: vpc, subnets: [...subnets], ami: await aws.image() };
  const text = (changes: object = {}) =>
    templateText(productTemplate(templateOptions({ ...base, ...changes })), 'json');
  const Capabilities: Capability[] = ['CAPABILITY_IAM'];
  try {
    const made = await own.changeSet('product', text(), { ChangeSetType: 'CREATE', Capabilities });
    assert.ok(changesIn(made).includes('Add Group'));
    await using _nodes = new Nodes(aws, stacks, made.StackId ?? '');
    await own.execute(made);
    const stack = await own.settled('product');
    assert.equal(stack.StackStatus, 'CREATE_COMPLETE', (await own.story('product')).join('\n'));
    const outputs = outputsOf(stack);
    assert.match(outputs.Cluster ?? '', /^product-[0-9a-f]{8}$/);
    assert.equal(outputs.ClaimsLogGroupName, `/zookeeper/${outputs.Cluster}`);
    await aws.inService(outputs.GroupName ?? '', 3);
    const changes = await own.changeSet('product', text({ volumesize: 30 }), { Capabilities });
    assert.deepEqual(changesIn(changes), ['Modify LaunchTemplate False', 'Modify Group Conditional']);
    await own.execute(changes);
    const updated = await own.settled('product');
    assert.equal(updated.StackStatus, 'UPDATE_COMPLETE', (await own.story('product')).join('\n'));
    assert.deepEqual(outputsOf(updated), outputs);
    const deleted = await own.delete('product');
    assert.equal(deleted.StackStatus, 'DELETE_COMPLETE', (await own.story(deleted.StackId ?? '')).join('\n'));
  } finally {
    own.close();
  }
});
