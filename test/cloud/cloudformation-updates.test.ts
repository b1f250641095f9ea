// SPDX-License-Identifier: Apache-2.0
/** Updates: what counts as a change, what is replaced, what change sets say of it, and the way back. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  CreateChangeSetCommand,
  CreateStackCommand,
  DeleteChangeSetCommand,
  DeleteStackCommand,
  DescribeChangeSetCommand,
  ExecuteChangeSetCommand,
  ListChangeSetsCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  DescribeLaunchTemplatesCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
} from '@aws-sdk/client-ec2';
import {
  changesIn,
  type Json,
  logGroup,
  outputsOf,
  type Resources,
  Stacks,
  templateOf,
} from './cloudformation-stacks.ts';
import { LocalAws, refused } from './local-aws.ts';

let aws: LocalAws;
let stacks: Stacks;
let vpc: string;
before(async () => {
  aws = await LocalAws.start();
  stacks = new Stacks(aws);
  const SubnetIds = [...(await aws.subnets())];
  const { Subnets: [subnet] = [] } = await aws.operator.ec2.send(new DescribeSubnetsCommand({ SubnetIds }));
  vpc = subnet?.VpcId ?? '';
});
after(async () => {
  stacks.close();
  await aws.close();
});

async function logGroupCalled(logGroupNamePrefix: string) {
  const { logGroups = [] } = await aws.operator.logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix }));
  return logGroups.find(({ logGroupName }) => logGroupName === logGroupNamePrefix);
}

const securityGroup = (properties: { readonly [name: string]: Json } = {}) => ({
  Type: 'AWS::EC2::SecurityGroup',
  Properties: { GroupDescription: 'test', VpcId: vpc, ...properties },
});

const launchTemplate = (ImageId: string) => ({
  Type: 'AWS::EC2::LaunchTemplate',
  Properties: { LaunchTemplateData: { ImageId, InstanceType: 't3.small' } },
});

test('a property that can be changed is changed in place', async () => {
  const name = stacks.name();
  await stacks.create(name, templateOf({ Logs: logGroup({ RetentionInDays: 7 }) }));
  const logs = await stacks.physicalId(name, 'Logs');
  const stack = await stacks.update(name, templateOf({ Logs: logGroup({ RetentionInDays: 30 }) }));
  assert.equal(stack.StackStatus, 'UPDATE_COMPLETE');
  assert.ok(stack.LastUpdatedTime);
  assert.equal(await stacks.physicalId(name, 'Logs'), logs);
  assert.equal((await logGroupCalled(logs))?.retentionInDays, 30);
  await stacks.update(name, templateOf({ Logs: logGroup() }));
  assert.equal((await logGroupCalled(logs))?.retentionInDays, undefined);
  const story = await stacks.story(name);
  assert.deepEqual(story.slice(-5), [
    `${name} UPDATE_IN_PROGRESS User Initiated`,
    'Logs UPDATE_IN_PROGRESS',
    'Logs UPDATE_COMPLETE',
    `${name} UPDATE_COMPLETE_CLEANUP_IN_PROGRESS`,
    `${name} UPDATE_COMPLETE`,
  ]);
});

test('another property needs a replacement: the new one first, the old one in the clean-up, and whoever refers to it follows', async () => {
  const name = stacks.name();
  const template = (description: string) =>
    templateOf({
      Group: securityGroup({ GroupDescription: description }),
      Rule: {
        Type: 'AWS::EC2::SecurityGroupIngress',
        Properties: { GroupId: { Ref: 'Group' }, IpProtocol: 'tcp', FromPort: 1, ToPort: 2, CidrIp: '127.0.0.0/8' },
      },
      Logs: logGroup(),
    });
  await stacks.create(name, template('first'));
  const [group, rule, logs] = await Promise.all(['Group', 'Rule', 'Logs'].map((id) => stacks.physicalId(name, id)));
  const changes = await stacks.changeSet(name, template('second'));
  assert.deepEqual(changesIn(changes), ['Modify Group True', 'Modify Rule Conditional']);
  const [ofGroup, ofRule] = changes.Changes ?? [];
  const [detail] = ofGroup?.ResourceChange?.Details ?? [];
  assert.deepEqual(
    [detail?.Target?.Name, detail?.Target?.RequiresRecreation, detail?.Evaluation, detail?.ChangeSource],
    ['GroupDescription', 'Always', 'Static', 'DirectModification'],
  );
  assert.deepEqual([detail?.Target?.BeforeValue, detail?.Target?.AfterValue], ['first', 'second']);
  const [follows] = ofRule?.ResourceChange?.Details ?? [];
  assert.deepEqual(
    [follows?.Evaluation, follows?.ChangeSource, follows?.CausingEntity],
    ['Dynamic', 'ResourceReference', 'Group'],
  );
  const sinceEvents = (await stacks.events(name)).length;
  await stacks.update(name, template('second'));
  const [newGroup, newRule, newLogs] = await Promise.all(
    ['Group', 'Rule', 'Logs'].map((id) => stacks.physicalId(name, id)),
  );
  assert.notEqual(newGroup, group);
  assert.notEqual(newRule, rule);
  assert.equal(newLogs, logs);
  const events = (await stacks.events(name)).slice(sinceEvents);
  const at = (id: string, status: string, physicalId: string | undefined) =>
    events.findIndex(
      (event) =>
        event.LogicalResourceId === id && event.ResourceStatus === status && event.PhysicalResourceId === physicalId,
    );
  assert.ok(at('Group', 'UPDATE_COMPLETE', newGroup) < at('Rule', 'UPDATE_COMPLETE', newRule));
  assert.ok(at('Rule', 'UPDATE_COMPLETE', newRule) < at('Rule', 'DELETE_COMPLETE', rule));
  assert.ok(at('Rule', 'DELETE_COMPLETE', rule) < at('Group', 'DELETE_COMPLETE', group));
  const gone = new DescribeSecurityGroupsCommand({ GroupIds: [group ?? ''] });
  await refused(aws.operator.ec2.send(gone), 'InvalidGroup.NotFound');
});

test('UpdateReplacePolicy Retain keeps the old one', async () => {
  const name = stacks.name();
  const template = (suffix: string) =>
    templateOf({ Logs: logGroup({ LogGroupName: `${name}-${suffix}` }, { UpdateReplacePolicy: 'Retain' }) });
  await stacks.create(name, template('a'));
  await stacks.update(name, template('b'));
  assert.ok(await logGroupCalled(`${name}-a`));
  assert.ok((await stacks.story(name)).includes('Logs DELETE_SKIPPED'));
});

test('resources are added, and removed at the end', async () => {
  const name = stacks.name();
  await stacks.create(
    name,
    templateOf({ Old: logGroup(), Kept: logGroup({}, { DeletionPolicy: 'Retain' }), Stays: logGroup() }),
  );
  const [old, kept] = [await stacks.physicalId(name, 'Old'), await stacks.physicalId(name, 'Kept')];
  const template = templateOf({ Stays: logGroup(), New: logGroup() }, { outputs: { New: { Ref: 'New' } } });
  assert.deepEqual(changesIn(await stacks.changeSet(name, template)), ['Add New', 'Remove Old', 'Remove Kept']);
  const stack = await stacks.update(name, template);
  assert.ok(await logGroupCalled(outputsOf(stack).New ?? ''));
  assert.equal(await logGroupCalled(old), undefined);
  assert.ok(await logGroupCalled(kept));
  assert.equal(await stacks.physicalId(name, 'Old'), '');
});

test("nothing to change: UpdateStack is refused, a change set fails, both in AWS's words", async () => {
  const name = stacks.name();
  const resources = { Logs: logGroup() };
  await stacks.create(name, templateOf(resources));
  await refused(
    stacks.startUpdate(name, templateOf(resources)),
    'ValidationError',
    /^No updates are to be performed\.$/,
  );
  // What AWS does not count as a change: policies, outputs, conditions, descriptions.
  const other = templateOf({ Logs: logGroup({}, { DeletionPolicy: 'Retain' }) }, { outputs: { New: 'x' } });
  const empty = await stacks.changeSet(name, other);
  assert.equal(empty.Status, 'FAILED');
  assert.equal(empty.ExecutionStatus, 'UNAVAILABLE');
  assert.equal(
    empty.StatusReason,
    "The submitted information didn't contain changes. Submit different information to create a change set.",
  );
  const execute = new ExecuteChangeSetCommand({ ChangeSetName: empty.ChangeSetId });
  await refused(stacks.client.send(execute), 'InvalidChangeSetStatusException', /\[FAILED\]/);
  const { Summaries = [] } = await stacks.client.send(new ListChangeSetsCommand({ StackName: name }));
  assert.deepEqual(
    Summaries.map(({ Status }) => Status),
    ['FAILED'],
  );
  await stacks.client.send(new DeleteChangeSetCommand({ ChangeSetName: empty.ChangeSetId }));
  const gone = new DescribeChangeSetCommand({ ChangeSetName: empty.ChangeSetId });
  await refused(stacks.client.send(gone), 'ChangeSetNotFoundException');
});

test('a changed policy holds from the next change on, and metadata are a change', async () => {
  const name = stacks.name();
  await stacks.create(name, templateOf({ Logs: logGroup() }));
  const logs = await stacks.physicalId(name, 'Logs');
  const kept = templateOf({ Logs: logGroup({}, { DeletionPolicy: 'Retain', Metadata: { version: 2 } }) });
  assert.deepEqual((await stacks.changeSet(name, kept)).Changes?.[0]?.ResourceChange?.Scope, ['Metadata']);
  await stacks.update(name, kept);
  await stacks.delete(name);
  assert.ok(await logGroupCalled(logs));
});

test('a parameter that changes is the cause of the changes it makes; what is given is kept with UsePreviousValue', async () => {
  const name = stacks.name();
  const template = templateOf(
    { Logs: logGroup({ RetentionInDays: { Ref: 'Days' }, Tags: [{ Key: 'word', Value: { Ref: 'Word' } }] }) },
    { parameters: { Days: { Type: 'Number', Default: 7 }, Word: { Type: 'String' } } },
  );
  const word = { ParameterKey: 'Word', ParameterValue: 'word' };
  await stacks.create(name, template, { Parameters: [word] });
  const Parameters = [
    { ParameterKey: 'Word', UsePreviousValue: true },
    { ParameterKey: 'Days', ParameterValue: '30' },
  ];
  const [change] = (await stacks.changeSet(name, template, { Parameters })).Changes ?? [];
  const details = change?.ResourceChange?.Details ?? [];
  assert.deepEqual(
    details.map((one) => [one.Target?.Name, one.ChangeSource, one.CausingEntity]),
    [['RetentionInDays', 'ParameterReference', 'Days']],
  );
  const stack = await stacks.update(name, template, { Parameters });
  assert.deepEqual(
    stack.Parameters?.map(({ ParameterKey, ParameterValue }) => [ParameterKey, ParameterValue]),
    [
      ['Days', '30'],
      ['Word', 'word'],
    ],
  );
});

test('tags of the stack that change reach the resources; others are left alone', async () => {
  const name = stacks.name();
  const template = templateOf({
    Group: securityGroup(),
    Rule: { Type: 'AWS::IAM::InstanceProfile', Properties: { Roles: [] } },
  });
  await stacks.create(name, template, { Tags: [{ Key: 'old', Value: '1' }] });
  const changed = { Tags: [{ Key: 'new', Value: '2' }] };
  assert.deepEqual(changesIn(await stacks.changeSet(name, template, changed)), ['Modify Group False']);
  await stacks.update(name, template, changed);
  const GroupIds = [await stacks.physicalId(name, 'Group')];
  const { SecurityGroups: [group] = [] } = await aws.operator.ec2.send(new DescribeSecurityGroupsCommand({ GroupIds }));
  const keys = (group?.Tags ?? []).map(({ Key = '' }) => Key).filter((key) => !key.startsWith('aws:'));
  assert.deepEqual(keys, ['new']);
  // Left out, they stay.
  await refused(stacks.startUpdate(name, template), 'ValidationError', /No updates/);
});

test('rules of a security group come and go with its property', async () => {
  const name = stacks.name();
  const rule = (port: number) => ({ IpProtocol: 'tcp', FromPort: port, ToPort: port, CidrIp: '127.0.0.0/8' });
  const template = (ingress: Json[], egress?: Json[]) =>
    templateOf({
      Group: securityGroup({ SecurityGroupIngress: ingress, ...(egress && { SecurityGroupEgress: egress }) }),
    });
  await stacks.create(name, template([rule(1), rule(2)]));
  const rules = async () => {
    const Filters = [{ Name: 'group-id', Values: [await stacks.physicalId(name, 'Group')] }];
    const { SecurityGroupRules = [] } = await aws.operator.ec2.send(new DescribeSecurityGroupRulesCommand({ Filters }));
    return SecurityGroupRules.map(
      ({ IsEgress, FromPort, IpProtocol }) => `${IsEgress ? 'out' : 'in'} ${IpProtocol} ${FromPort}`,
    ).sort();
  };
  assert.deepEqual(await rules(), ['in tcp 1', 'in tcp 2', 'out -1 -1']);
  await stacks.update(name, template([rule(2), rule(3)], [rule(4)]));
  assert.deepEqual(await rules(), ['in tcp 2', 'in tcp 3', 'out tcp 4']);
});

test('a launch template gets a new version, and only what refers to that follows', async () => {
  const name = stacks.name();
  const image = await aws.image();
  const template = (type: string) =>
    templateOf({
      Template: {
        ...launchTemplate(image),
        Properties: { LaunchTemplateData: { ImageId: image, InstanceType: type } },
      },
      ByVersion: logGroup({ Tags: [{ Key: 'v', Value: { 'Fn::GetAtt': ['Template', 'LatestVersionNumber'] } }] }),
      ById: logGroup({ Tags: [{ Key: 'v', Value: { Ref: 'Template' } }] }),
    });
  await stacks.create(name, template('t3.small'));
  const changes = await stacks.changeSet(name, template('t3.medium'));
  assert.deepEqual(changesIn(changes), ['Modify Template False', 'Modify ByVersion False']);
  const [detail] = changes.Changes?.[1]?.ResourceChange?.Details ?? [];
  assert.deepEqual(
    [detail?.ChangeSource, detail?.CausingEntity, detail?.Evaluation],
    ['ResourceAttribute', 'Template.LatestVersionNumber', 'Dynamic'],
  );
  await stacks.update(name, template('t3.medium'));
  const LaunchTemplateIds = [await stacks.physicalId(name, 'Template')];
  const { LaunchTemplates: [made] = [] } = await aws.operator.ec2.send(
    new DescribeLaunchTemplatesCommand({ LaunchTemplateIds }),
  );
  assert.deepEqual([made?.LatestVersionNumber, made?.DefaultVersionNumber], [2, 1]);
});

test('a change set is executed once, and the others go with it', async () => {
  const name = stacks.name();
  const template = (RetentionInDays: number) => templateOf({ Logs: logGroup({ RetentionInDays }) });
  await stacks.create(name, template(7));
  const [first, second] = [await stacks.changeSet(name, template(14)), await stacks.changeSet(name, template(30))];
  assert.equal(first.ExecutionStatus, 'AVAILABLE');
  await stacks.client.send(new ExecuteChangeSetCommand({ ChangeSetName: first.ChangeSetName, StackName: name }));
  const stack = await stacks.settled(name);
  assert.equal(stack.StackStatus, 'UPDATE_COMPLETE');
  assert.equal(stack.ChangeSetId, first.ChangeSetId);
  const again = (ChangeSetName: string | undefined) =>
    stacks.client.send(new ExecuteChangeSetCommand({ ChangeSetName }));
  await refused(again(first.ChangeSetId), 'InvalidChangeSetStatusException', /\[EXECUTE_COMPLETE\]/);
  await refused(again(second.ChangeSetId), 'ChangeSetNotFoundException');
  assert.equal((await logGroupCalled(await stacks.physicalId(name, 'Logs')))?.retentionInDays, 14);
});

test('a change set of type CREATE makes a stack in review, which is executed or deleted', async () => {
  const name = stacks.name();
  const create = (ChangeSetName: string) =>
    stacks.client.send(
      new CreateChangeSetCommand({
        ...{ StackName: name, ChangeSetName, ChangeSetType: 'CREATE' },
        TemplateBody: templateOf({ Logs: logGroup() }),
      }),
    );
  const { Id = '', StackId = '' } = await create('first');
  assert.equal((await stacks.describe(name)).StackStatus, 'REVIEW_IN_PROGRESS');
  assert.deepEqual(changesIn(await stacks.changeSetMade(Id)), ['Add Logs']);
  await refused(create('first'), 'AlreadyExistsException');
  await stacks.client.send(new DeleteChangeSetCommand({ StackName: name, ChangeSetName: 'first' }));
  assert.equal((await stacks.describe(name)).StackStatus, 'REVIEW_IN_PROGRESS');
  const again = await create('second');
  assert.equal(again.StackId, StackId);
  await stacks.changeSetMade(again.Id ?? '');
  await stacks.client.send(new ExecuteChangeSetCommand({ ChangeSetName: again.Id }));
  assert.equal((await stacks.settled(StackId)).StackStatus, 'CREATE_COMPLETE');
  const update = new CreateChangeSetCommand({
    StackName: 'nobody',
    ChangeSetName: 'x',
    TemplateBody: templateOf({ Logs: logGroup() }),
  });
  await refused(stacks.client.send(update), 'ValidationError', /\[nobody\] does not exist/);
  const other = stacks.name();
  const reviewed = new CreateChangeSetCommand({
    StackName: other,
    ChangeSetName: 'x',
    ChangeSetType: 'CREATE',
    TemplateBody: templateOf({ Logs: logGroup() }),
  });
  await stacks.client.send(reviewed);
  await stacks.client.send(new DeleteStackCommand({ StackName: other }));
  await refused(stacks.describe(other), 'ValidationError', /does not exist/);
});

test('an update that fails goes back to what was: changed, replaced, added and untouched resources', async () => {
  const name = stacks.name();
  const resources = (second: boolean): Resources => ({
    Changed: logGroup({ RetentionInDays: second ? 30 : 7 }),
    Replaced: securityGroup({ GroupDescription: second ? 'second' : 'first' }),
    Untouched: logGroup(),
    ...(second
      ? {
          Added: logGroup({}, { DependsOn: ['Changed', 'Replaced'] }),
          Fails: logGroup({ LogGroupName: { Ref: 'Untouched' } }, { DependsOn: 'Added' }),
        }
      : { Removed: logGroup() }),
  });
  const before = await stacks.create(
    name,
    templateOf(resources(false), { outputs: { Untouched: { Ref: 'Untouched' } } }),
  );
  const ids = ['Changed', 'Replaced', 'Untouched', 'Removed'];
  const were = await Promise.all(ids.map((id) => stacks.physicalId(name, id)));
  const after = await stacks.update(name, templateOf(resources(true)));
  assert.equal(after.StackStatus, 'UPDATE_ROLLBACK_COMPLETE');
  assert.deepEqual(await Promise.all(ids.map((id) => stacks.physicalId(name, id))), were);
  assert.equal(await stacks.physicalId(name, 'Added'), '');
  assert.equal((await logGroupCalled(were[0] ?? ''))?.retentionInDays, 7);
  assert.deepEqual(outputsOf(after), outputsOf(before));
  const story = await stacks.story(name);
  assert.ok(
    story.includes(`${name} UPDATE_ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [Fails].`),
    story.join('\n'),
  );
  const rollback = story.slice(story.findIndex((line) => line.includes('UPDATE_ROLLBACK_IN_PROGRESS')));
  assert.ok(
    rollback.indexOf('Changed UPDATE_COMPLETE') <
      rollback.indexOf(`${name} UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS`),
  );
  assert.ok(rollback.includes('Added DELETE_COMPLETE'));
  assert.ok(rollback.includes('Replaced DELETE_COMPLETE'));
  assert.ok(!rollback.some((line) => line.startsWith('Untouched') || line.startsWith('Removed')));
  // And from there on as ever.
  assert.equal(
    (await stacks.changeSet(name, templateOf(resources(false), { outputs: { Untouched: { Ref: 'Untouched' } } })))
      .Status,
    'FAILED',
  );
  assert.equal((await stacks.update(name, templateOf({ Untouched: logGroup() }))).StackStatus, 'UPDATE_COMPLETE');
});

test('after a rollback the launch template has a newer version, and what refers to it stays at the old one', async () => {
  const name = stacks.name();
  const image = await aws.image();
  const template = (ImageId: string, fails: boolean) =>
    templateOf({
      Template: launchTemplate(ImageId),
      Follows: logGroup({ Tags: [{ Key: 'v', Value: { 'Fn::GetAtt': ['Template', 'LatestVersionNumber'] } }] }),
      ...(fails ? { Fails: logGroup({ LogGroupName: { Ref: 'Follows' } }) } : {}),
    });
  await stacks.create(name, template(image, false));
  const stack = await stacks.update(name, template('ami-12345678', true));
  assert.equal(stack.StackStatus, 'UPDATE_ROLLBACK_COMPLETE');
  const LaunchTemplateIds = [await stacks.physicalId(name, 'Template')];
  const { LaunchTemplates: [made] = [] } = await aws.operator.ec2.send(
    new DescribeLaunchTemplatesCommand({ LaunchTemplateIds }),
  );
  assert.equal(made?.LatestVersionNumber, 3);
  const events = await stacks.events(name);
  const last = events.findLast((event) => event.LogicalResourceId === 'Follows');
  assert.equal(JSON.parse(last?.ResourceProperties ?? '{}').Tags[0].Value, '1');
  // The version that nobody asked for is no change.
  await refused(stacks.startUpdate(name, template(image, false)), 'ValidationError', /No updates/);
});

test('a stack that is busy is not updated', async () => {
  const name = stacks.name();
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`Logs${at}`, logGroup()]));
  await stacks.start(name, templateOf(many));
  const update = new UpdateStackCommand({ StackName: name, TemplateBody: templateOf({ Logs: logGroup() }) });
  await refused(stacks.client.send(update), 'ValidationError', /is in CREATE_IN_PROGRESS state and can not be updated/);
  await stacks.settled(name);
});

test('an UpdateStack makes change sets obsolete', async () => {
  const name = stacks.name();
  const template = (RetentionInDays: number) => templateOf({ Logs: logGroup({ RetentionInDays }) });
  await stacks.create(name, template(7));
  const { ChangeSetId } = await stacks.changeSet(name, template(14));
  await stacks.update(name, template(30));
  const execute = new ExecuteChangeSetCommand({ ChangeSetName: ChangeSetId });
  await refused(stacks.client.send(execute), 'InvalidChangeSetStatusException', /\[OBSOLETE\]/);
});

test('the type of a resource can not change', async () => {
  const name = stacks.name();
  await stacks.create(name, templateOf({ Thing: logGroup() }));
  const other = templateOf({ Thing: { Type: 'AWS::S3::Bucket' } });
  await refused(
    stacks.startUpdate(name, other),
    'ValidationError',
    /Update of resource type is not permitted.*\[Thing\]/,
  );
});

test('a request that is sent again, as its answer was lost, is done once', async () => {
  const name = stacks.name();
  const template = (RetentionInDays: number) => templateOf({ Logs: logGroup({ RetentionInDays }) });
  const create = () =>
    stacks.client.send(
      new CreateStackCommand({ StackName: name, TemplateBody: template(7), ClientRequestToken: 'create' }),
    );
  assert.equal((await create()).StackId, (await create()).StackId);
  await stacks.settled(name);
  const { ChangeSetId } = await stacks.changeSet(name, template(14));
  const execute = () =>
    stacks.client.send(new ExecuteChangeSetCommand({ ChangeSetName: ChangeSetId, ClientRequestToken: 'execute' }));
  await execute();
  await execute();
  await stacks.settled(name);
  await execute();
  const story = await stacks.story(name);
  assert.equal(story.filter((line) => line.endsWith('_IN_PROGRESS User Initiated')).length, 2);
  assert.equal((await stacks.events(name)).at(-1)?.ClientRequestToken, 'execute');
});
