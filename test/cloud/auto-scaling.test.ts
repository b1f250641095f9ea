// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  CreateAutoScalingGroupCommand,
  CreateOrUpdateTagsCommand,
  DeleteAutoScalingGroupCommand,
  DeleteTagsCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeAutoScalingInstancesCommand,
  DescribeScalingActivitiesCommand,
  DescribeTagsCommand,
  ResumeProcessesCommand,
  SetDesiredCapacityCommand,
  SetInstanceHealthCommand,
  SuspendProcessesCommand,
  TerminateInstanceInAutoScalingGroupCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  CreateLaunchTemplateVersionCommand,
  DescribeInstanceAttributeCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { LocalAws, refused, waitFor } from './local-aws.ts';

let aws: LocalAws;
let subnets: readonly string[];
before(async () => {
  aws = await LocalAws.start({ timings: { pendingMs: 50, shuttingDownMs: 50 } });
  subnets = await aws.subnets();
});
after(() => aws.close());

async function describe(group: string) {
  const command = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] });
  const { AutoScalingGroups = [] } = await aws.operator.autoScaling.send(command);
  return AutoScalingGroups[0];
}

async function remove(group: string): Promise<void> {
  const command = new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: group, ForceDelete: true });
  await aws.operator.autoScaling.send(command);
  await waitFor(`${group} is deleted`, async () => (await describe(group)) === undefined);
}

test('a group launches its instances, spread over the zones, with user data and tags', async () => {
  const UserData = Buffer.from('CLUSTER=x').toString('base64');
  const group = await aws.group(subnets, 3, { template: await aws.launchTemplate({ UserData }) });
  const members = await aws.members(group);
  assert.deepEqual(new Set(members.map(({ AvailabilityZone }) => AvailabilityZone)).size, 3);
  for (const { InstanceId = '' } of members) {
    const seen = await aws.seen(InstanceId);
    const tags = Object.fromEntries((seen?.Tags ?? []).map(({ Key, Value }) => [Key, Value]));
    assert.deepEqual(tags, { zookeeper_cluster: group, 'aws:autoscaling:groupName': group });
    assert.match(seen?.PrivateIpAddress ?? '', /^127\.30\./);
    const attribute = new DescribeInstanceAttributeCommand({ InstanceId, Attribute: 'userData' });
    const answer = await aws.operator.ec2.send(attribute);
    assert.equal(answer.UserData?.Value, UserData);
    assert.deepEqual(aws.cloud.membership(InstanceId), { group, lifecycleState: 'InService', target: 'InService' });
  }
  const instances = await aws.operator.autoScaling.send(
    new DescribeAutoScalingInstancesCommand({ InstanceIds: [members[0]?.InstanceId ?? '', 'i-00000000'] }),
  );
  assert.deepEqual(
    instances.AutoScalingInstances?.map(({ AutoScalingGroupName, HealthStatus }) => [
      AutoScalingGroupName,
      HealthStatus,
    ]),
    [[group, 'HEALTHY']],
  );
  await remove(group);
});

test('an instance has the profile of its launch template', async () => {
  const InstanceProfileName = 'zookeeper';
  // IAM is moto's own; the project has no client for it.
  const answer = await fetch(aws.cloud.url, {
    method: 'POST',
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=AKIAOPERATOR/20261121/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=00`,
    },
    body: new URLSearchParams({ Action: 'CreateInstanceProfile', Version: '2010-05-08', InstanceProfileName }),
  });
  assert.equal(answer.status, 200);
  const template = await aws.launchTemplate({ IamInstanceProfile: { Name: InstanceProfileName } });
  const group = await aws.group(subnets, 1, { template });
  const [id = ''] = await aws.inService(group, 1);
  assert.match((await aws.seen(id))?.IamInstanceProfile?.Arn ?? '', /:instance-profile\/zookeeper$/);
  await remove(group);
});

test('an instance terminated behind the back of its group is replaced', async () => {
  const group = await aws.group(subnets, 3);
  const [victim = ''] = await aws.inService(group, 3);
  await aws.operator.ec2.send(new TerminateInstancesCommand({ InstanceIds: [victim] }));
  // On a busy machine it may have left the group by now.
  assert.ok(['Terminated', undefined].includes(aws.cloud.membership(victim)?.target));
  await waitFor('the replacement', async () => {
    const members = await aws.members(group);
    return members.length === 3 && members.every(({ InstanceId }) => InstanceId !== victim);
  });
  await aws.inService(group, 3);
  const zones = (await aws.members(group)).map(({ AvailabilityZone }) => AvailabilityZone);
  assert.equal(new Set(zones).size, 3, 'the replacement goes to the zone that lost one');
  await remove(group);
});

test('SetDesiredCapacity scales out, and in by the default policy', async () => {
  const group = await aws.group(subnets, 3, { max: 5 });
  const { autoScaling } = aws.operator;
  await autoScaling.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: group, DesiredCapacity: 5 }));
  const five = await aws.inService(group, 5);
  const crowded = (await aws.members(group)).slice(0, 2).map(({ InstanceId }) => InstanceId);
  await autoScaling.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: group, DesiredCapacity: 3 }));
  const three = await aws.inService(group, 3);
  const gone = five.filter((id) => !three.includes(id));
  // Zones a and b have two each, and the oldest of theirs go.
  assert.deepEqual(new Set(gone), new Set(crowded));
  const tooMany = new SetDesiredCapacityCommand({ AutoScalingGroupName: group, DesiredCapacity: 6 });
  await refused(autoScaling.send(tooMany), 'ValidationError', /above max value 5/);
  await remove(group);
});

test('scale-in prefers the instances of an older launch template version', async () => {
  const template = await aws.launchTemplate();
  const [subnet = ''] = subnets;
  const group = await aws.group([subnet], 1, { template });
  const [old = ''] = await aws.inService(group, 1);
  await aws.operator.ec2.send(
    new CreateLaunchTemplateVersionCommand({
      LaunchTemplateName: template,
      LaunchTemplateData: { ImageId: await aws.image(), InstanceType: 't3.medium' },
    }),
  );
  const { autoScaling } = aws.operator;
  await autoScaling.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: group, DesiredCapacity: 2 }));
  await aws.inService(group, 2);
  const versions = (await aws.members(group)).map(({ LaunchTemplate }) => LaunchTemplate?.Version);
  assert.deepEqual(versions, ['1', '2']);
  await autoScaling.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: group, DesiredCapacity: 1 }));
  const [left] = await aws.inService(group, 1);
  assert.notEqual(left, old);
  await remove(group);
});

test('scale-in by NewestInstance takes the newest of the zone with the most; other policies are refused', async () => {
  const group = await aws.group(subnets, 3);
  const founders = await aws.inService(group, 3);
  const { autoScaling } = aws.operator;
  const policies = (...TerminationPolicies: string[]) =>
    autoScaling.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: group, TerminationPolicies }));
  await policies('NewestInstance');
  assert.deepEqual((await describe(group))?.TerminationPolicies, ['NewestInstance']);
  await autoScaling.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: group, DesiredCapacity: 4 }));
  await aws.inService(group, 4);
  await autoScaling.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: group, DesiredCapacity: 3 }));
  assert.deepEqual((await aws.inService(group, 3)).toSorted(), founders.toSorted());
  await assert.rejects(policies('OldestInstance'), { name: 'ValidationError' });
  await assert.rejects(policies('NewestInstance', 'Default'), { name: 'ValidationError' });
  await remove(group);
});

test('UpdateAutoScalingGroup moves the desired capacity into its bounds', async () => {
  const group = await aws.group(subnets, 1);
  const { autoScaling } = aws.operator;
  await autoScaling.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: group, MinSize: 2 }));
  await aws.inService(group, 2);
  await autoScaling.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: group, MinSize: 0, MaxSize: 1 }));
  await aws.inService(group, 1);
  assert.equal((await describe(group))?.DesiredCapacity, 1);
  await remove(group);
});

test('TerminateInstanceInAutoScalingGroup replaces, or lowers the desired capacity', async () => {
  const group = await aws.group(subnets, 2);
  const { autoScaling } = aws.operator;
  const [first = ''] = await aws.inService(group, 2);
  const { Activity } = await autoScaling.send(
    new TerminateInstanceInAutoScalingGroupCommand({ InstanceId: first, ShouldDecrementDesiredCapacity: false }),
  );
  assert.match(Activity?.Description ?? '', /^Terminating EC2 instance: i-/);
  await waitFor('the replacement', async () => !(await aws.inService(group, 2)).includes(first));
  const [second = ''] = await aws.inService(group, 2);
  await autoScaling.send(
    new TerminateInstanceInAutoScalingGroupCommand({ InstanceId: second, ShouldDecrementDesiredCapacity: true }),
  );
  await aws.inService(group, 1);
  assert.equal((await describe(group))?.DesiredCapacity, 1);
  await remove(group);
});

test('an instance that says it is unhealthy is replaced', async () => {
  const group = await aws.group(subnets, 1);
  const [sick = ''] = await aws.inService(group, 1);
  await aws
    .as(sick)
    .autoScaling.send(
      new SetInstanceHealthCommand({ InstanceId: sick, HealthStatus: 'Unhealthy', ShouldRespectGracePeriod: false }),
    );
  await waitFor('the replacement', async () => !(await aws.inService(group, 1)).includes(sick));
  assert.equal(await aws.state(sick), 'terminated');
  await remove(group);
});

test('suspended processes do nothing until they are resumed', async () => {
  const group = await aws.group(subnets, 2);
  const { autoScaling, ec2 } = aws.operator;
  const [victim = '', other = ''] = await aws.inService(group, 2);
  await autoScaling.send(new SuspendProcessesCommand({ AutoScalingGroupName: group, ScalingProcesses: ['Launch'] }));
  assert.deepEqual(
    (await describe(group))?.SuspendedProcesses?.map(({ ProcessName }) => ProcessName),
    ['Launch'],
  );
  await ec2.send(new TerminateInstancesCommand({ InstanceIds: [victim] }));
  assert.deepEqual(await aws.inService(group, 1), [other]);
  await autoScaling.send(new ResumeProcessesCommand({ AutoScalingGroupName: group }));
  await aws.inService(group, 2);
  const unknown = new SuspendProcessesCommand({ AutoScalingGroupName: group, ScalingProcesses: ['Lunch'] });
  await refused(autoScaling.send(unknown), 'ValidationError', /Lunch/);
  await remove(group);
});

test('tags of the group', async () => {
  const group = await aws.group(subnets, 0);
  const { autoScaling } = aws.operator;
  const tag = { ResourceId: group, ResourceType: 'auto-scaling-group', Key: 'zookeeper_maintenance' };
  const withValue = { ...tag, Value: 'on', PropagateAtLaunch: false };
  await autoScaling.send(new CreateOrUpdateTagsCommand({ Tags: [withValue] }));
  const shown = (await describe(group))?.Tags ?? [];
  assert.equal(shown.find(({ Key }) => Key === tag.Key)?.Value, 'on');
  const Filters = [
    { Name: 'auto-scaling-group', Values: [group] },
    { Name: 'key', Values: [tag.Key] },
  ];
  const { Tags } = await autoScaling.send(new DescribeTagsCommand({ Filters }));
  assert.deepEqual(Tags, [withValue]);
  await autoScaling.send(new DeleteTagsCommand({ Tags: [tag] }));
  assert.equal((await autoScaling.send(new DescribeTagsCommand({ Filters }))).Tags?.length, 0);
  const reserved = new CreateOrUpdateTagsCommand({ Tags: [{ ...withValue, Key: 'aws:x' }] });
  await refused(autoScaling.send(reserved), 'ValidationError', /reserved/);
  await remove(group);
});

test('a group that does not exist, exists already, or names what does not exist', async () => {
  const { autoScaling } = aws.operator;
  assert.equal(await describe('nobody'), undefined);
  const unknown = new SetDesiredCapacityCommand({ AutoScalingGroupName: 'nobody', DesiredCapacity: 1 });
  await refused(autoScaling.send(unknown), 'ValidationError', /name not found/);
  const group = await aws.group(subnets, 0);
  const LaunchTemplateName = await aws.launchTemplate();
  const input = {
    AutoScalingGroupName: 'fresh',
    LaunchTemplate: { LaunchTemplateName },
    VPCZoneIdentifier: subnets.join(','),
    MinSize: 0,
    MaxSize: 1,
  };
  const create = (changes: Partial<typeof input> & { CapacityRebalance?: boolean }) =>
    autoScaling.send(new CreateAutoScalingGroupCommand({ ...input, ...changes }));
  await refused(create({ AutoScalingGroupName: group }), 'AlreadyExistsFault');
  await refused(create({ LaunchTemplate: { LaunchTemplateName: 'none' } }), 'ValidationError', /launch template/);
  await refused(create({ VPCZoneIdentifier: 'subnet-00000000' }), 'ValidationError', /subnet/);
  await refused(create({ MinSize: 2 }), 'ValidationError', /Max bound, 1/);
  await refused(create({ CapacityRebalance: true }), 'ValidationError', /imitates CapacityRebalance false only/);
  assert.equal(await describe('fresh'), undefined);
  await remove(group);
});

test('a group with instances is deleted by force only', async () => {
  const group = await aws.group(subnets, 1);
  const [id = ''] = await aws.inService(group, 1);
  const gently = new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: group });
  await refused(aws.operator.autoScaling.send(gently), 'ResourceInUseFault');
  await remove(group);
  assert.equal(await aws.state(id), 'terminated');
});

test('the activities tell what the group did', async () => {
  const group = await aws.group(subnets, 1);
  const [id = ''] = await aws.inService(group, 1);
  const { Activities = [] } = await aws.operator.autoScaling.send(
    new DescribeScalingActivitiesCommand({ AutoScalingGroupName: group }),
  );
  assert.deepEqual(
    Activities.map(({ Description, StatusCode }) => [Description, StatusCode]),
    [[`Launching a new EC2 instance: ${id}`, 'Successful']],
  );
  await remove(group);
});
