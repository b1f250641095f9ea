// SPDX-License-Identifier: Apache-2.0
/**
 * A person who deploys: exactly the policy that is handed to the gateway, also for what CloudFormation does in his
 * name.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CreateAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import { CloudFormationClient, CreateStackCommand, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateLaunchTemplateCommand,
  CreateSecurityGroupCommand,
  CreateVpcCommand,
  DescribeInstancesCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { AddRoleToInstanceProfileCommand, CreateInstanceProfileCommand, type IAMClient } from '@aws-sdk/client-iam';
import { type Clients, LocalAws, refused, waitFor } from './local-aws.ts';
import { ACCOUNT, iamClient, makeRole, type StatementJson } from './roles.ts';

const ARN = `arn:aws:iam::${ACCOUNT}:user/deployer`;
const tag = (Key: string, Value: string) => ({ Key, Value });
const allow = (
  Sid: string,
  Action: string | readonly string[],
  Resource: string | readonly string[] = '*',
  Condition = {},
) => ({ Sid, Effect: 'Allow', Action, Resource, Condition }) as StatementJson;
const THROUGH_CLOUDFORMATION = { 'ForAnyValue:StringEquals': { 'aws:CalledVia': 'cloudformation.amazonaws.com' } };

let aws: LocalAws;
let iam: IAMClient;
let deployersIam: IAMClient;
let cloudFormation: CloudFormationClient;
let deployer: Clients;
let subnets: readonly string[];
let image: string;

before(async () => {
  aws = await LocalAws.start({
    roleDelayMs: () => 0,
    deployerPolicy: {
      Version: '2012-10-17',
      Statement: [
        allow('Look', 'ec2:Describe*'),
        allow('Run', 'ec2:RunInstances'),
        allow('TagAtLaunch', 'ec2:CreateTags', 'arn:aws:ec2:*:*:instance/*', {
          StringEquals: { 'ec2:CreateAction': 'RunInstances', 'aws:RequestTag/team': 'orders' },
        }),
        allow(
          'Groups',
          'autoscaling:CreateAutoScalingGroup',
          'arn:aws:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/orders-*',
        ),
        allow('Pass', 'iam:PassRole', `arn:aws:iam::${ACCOUNT}:role/orders-*`, {
          StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' },
        }),
        allow('Profiles', ['iam:CreateInstanceProfile', 'iam:AddRoleToInstanceProfile']),
        allow(
          'Stacks',
          ['cloudformation:CreateStack', 'cloudformation:DescribeStacks'],
          'arn:aws:cloudformation:*:*:stack/orders/*',
        ),
        allow('LogGroups', 'logs:*', 'arn:aws:logs:*:*:log-group:/orders/*', THROUGH_CLOUDFORMATION),
      ],
    },
  });
  iam = iamClient(aws);
  deployer = aws.as('deployer');
  deployersIam = iamClient(aws, 'AKIADEPLOYER');
  const credentials = { accessKeyId: 'AKIADEPLOYER', secretAccessKey: 'not-checked' };
  const { url: endpoint, region } = aws.cloud;
  cloudFormation = new CloudFormationClient({ endpoint, region, credentials, maxAttempts: 1 });
  subnets = await aws.subnets();
  image = await aws.image();
  await makeRole(iam, { name: 'orders-node' }, allow('See', 'ec2:DescribeTags'));
  await makeRole(iam, { name: 'administrator' }, allow('All', '*'));
});
after(async () => {
  for (const client of [iam, deployersIam, cloudFormation]) client.destroy();
  await aws.close();
});

const run = (options: { profile?: string; tags?: readonly { Key: string; Value: string }[] } = {}) =>
  deployer.ec2.send(
    new RunInstancesCommand({
      ...{ ImageId: image, InstanceType: 't3.small', MinCount: 1, MaxCount: 1, SubnetId: subnets[0] },
      ...(options.profile === undefined ? {} : { IamInstanceProfile: { Name: options.profile } }),
      ...(options.tags === undefined
        ? {}
        : { TagSpecifications: [{ ResourceType: 'instance', Tags: [...options.tags] }] }),
    }),
  );

test('what the policy does not name is denied to the person, and not to the operator', async () => {
  await deployer.ec2.send(new DescribeInstancesCommand({}));
  const group = (clients: Clients) =>
    clients.ec2.send(new CreateSecurityGroupCommand({ GroupName: aws.name('group'), Description: 'test' }));
  await refused(
    group(deployer),
    'UnauthorizedOperation',
    new RegExp(`User: ${ARN} is not authorized .*CreateSecurityGroup`),
  );
  await group(aws.operator);
});

test('a call that the tables do not know is denied, and says so', async () => {
  const vpc = deployer.ec2.send(new CreateVpcCommand({ CidrBlock: '127.31.0.0/16' }));
  await refused(
    vpc,
    'UnauthorizedOperation',
    /the lab does not know which rights it needs: it is not in cloud\/iam\/actions/,
  );
});

test('RunInstances hands a role to EC2 and tags what it makes, each a right of its own', async () => {
  await run();
  await run({ profile: 'orders-node', tags: [tag('team', 'orders')] });
  await refused(
    run({ profile: 'administrator' }),
    'UnauthorizedOperation',
    /iam:PassRole on resource: .*:role\/administrator/,
  );
  await refused(run({ tags: [tag('team', 'billing')] }), 'UnauthorizedOperation', /ec2:CreateTags/);
});

test('a role goes into a profile only from hands that may pass it', async () => {
  const add = (RoleName: string) => {
    const InstanceProfileName = aws.name('profile');
    return deployersIam
      .send(new CreateInstanceProfileCommand({ InstanceProfileName }))
      .then(() => deployersIam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName })));
  };
  await add('orders-node');
  await refused(add('administrator'), 'AccessDenied', /iam:PassRole/);
});

test('who makes a group needs what its launch template will do', async () => {
  const create = async (name: string, profile: string) => {
    const LaunchTemplateName = aws.name('template');
    const LaunchTemplateData = {
      ImageId: image,
      InstanceType: 't3.small' as const,
      IamInstanceProfile: { Name: profile },
    };
    await aws.operator.ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName, LaunchTemplateData }));
    await deployer.autoScaling.send(
      new CreateAutoScalingGroupCommand({
        ...{ AutoScalingGroupName: name, MinSize: 0, MaxSize: 0, VPCZoneIdentifier: subnets.join(',') },
        LaunchTemplate: { LaunchTemplateName, Version: '$Latest' },
      }),
    );
  };
  await create('orders-group', 'orders-node');
  await refused(create('orders-more', 'administrator'), 'AccessDenied', /iam:PassRole/);
  await refused(create('billing-group', 'orders-node'), 'AccessDenied', /autoScalingGroupName\/billing-group/);
});

test('CloudFormation acts with the rights of the person who deploys, and says so', async () => {
  const create = (StackName: string, LogGroupName: string) => {
    const Resources = { Group: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName } } };
    return cloudFormation.send(new CreateStackCommand({ StackName, TemplateBody: JSON.stringify({ Resources }) }));
  };
  const status = async () => {
    const { Stacks = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName: 'orders' }));
    return Stacks[0]?.StackStatus ?? '';
  };
  await refused(
    create('billing', '/orders/claims'),
    'AccessDenied',
    /cloudformation:CreateStack on resource: .*stack\/billing\//,
  );
  await create('orders', '/orders/claims');
  await waitFor('the stack', async () => !(await status()).endsWith('IN_PROGRESS'));
  assert.equal(await status(), 'CREATE_COMPLETE');
  const { logGroups = [] } = await aws.operator.logs.send(new DescribeLogGroupsCommand({}));
  assert.deepEqual(
    logGroups.map(({ logGroupName }) => logGroupName),
    ['/orders/claims'],
  );
  const made = aws.cloud.accessRecord.list().find(({ action, allowed }) => allowed && action === 'logs:CreateLogGroup');
  assert.deepEqual(
    [made?.principal.arn, made?.statements, made?.keys],
    [ARN, ['deployer/LogGroups'], ['aws:calledvia']],
  );
});
