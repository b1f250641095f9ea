// SPDX-License-Identifier: Apache-2.0
/**
 * Auto Scaling groups in stacks: creation policies, signals, rolling updates and their way back, deletion through the
 * hooks.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  CreateOrUpdateTagsCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeLifecycleHooksCommand,
  SetDesiredCapacityCommand,
  SuspendProcessesCommand,
} from '@aws-sdk/client-auto-scaling';
import { DeleteStackCommand, SignalResourceCommand } from '@aws-sdk/client-cloudformation';
import { GOOD, type GroupOptions, groupTemplate, HOOKS, Nodes, type Player } from './cloudformation-groups.ts';
import { outputsOf, Stacks } from './cloudformation-stacks.ts';
import { LocalAws, refused, waitFor } from './local-aws.ts';

let aws: LocalAws;
let stacks: Stacks;
let base: Pick<GroupOptions, 'subnets' | 'image'>;
/** Added to the clock of the waits for signals. A test ends a wait by it, so a slow machine ends none too early. */
let aheadMs = 0;
const HOUR_MS = 3_600_000;
before(async () => {
  aws = await LocalAws.start({ cloudFormationTimings: { pollMs: 50, nowMs: () => Date.now() + aheadMs } });
  stacks = new Stacks(aws);
  base = { subnets: await aws.subnets(), image: await aws.image() };
});
after(async () => {
  stacks.close();
  await aws.close();
});

const CREATION = { ResourceSignal: { Count: 3, Timeout: 'PT10M' } };
const ROLLING = {
  MaxBatchSize: 1,
  MinInstancesInService: 3,
  PauseTime: 'PT10M',
  WaitOnResourceSignals: true,
  SuspendProcesses: ['HealthCheck', 'ReplaceUnhealthy', 'AZRebalance'],
};

async function describe(AutoScalingGroupName: string) {
  const command = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [AutoScalingGroupName] });
  const { AutoScalingGroups: [group] = [] } = await aws.operator.autoScaling.send(command);
  return group;
}

const sizes = (group: Awaited<ReturnType<typeof describe>>) => [group?.MinSize, group?.DesiredCapacity, group?.MaxSize];

/** Names of instances are nobody's business in a story. */
const plain = (story: readonly string[]) =>
  story.map((line) => line.replaceAll(/i-[0-9a-f]{17}/g, 'i-x').replace(/\w+_IN_PROGRESS /, ''));

async function running(options: Partial<GroupOptions> = {}) {
  const name = stacks.name();
  const template = (changes: Partial<GroupOptions> = {}) =>
    groupTemplate({ ...base, creation: CREATION, rolling: ROLLING, ...options, ...changes });
  const id = await stacks.start(name, template());
  const nodes = new Nodes(aws, stacks, id);
  const stack = await stacks.settled(id);
  assert.equal(stack.StackStatus, 'CREATE_COMPLETE', (await stacks.story(id)).join('\n'));
  return { name, template, nodes, group: outputsOf(stack).Group ?? '' };
}

const versions = async (group: string) =>
  (await describe(group))?.Instances?.map(({ LaunchTemplate }) => LaunchTemplate?.Version).sort();

test('a creation policy waits for the signals, each unique id once', async () => {
  const name = stacks.name();
  await stacks.start(name, groupTemplate({ ...base, creation: CREATION }));
  const signal = (UniqueId: string) =>
    stacks.client.send(
      new SignalResourceCommand({ StackName: name, LogicalResourceId: 'Group', UniqueId, Status: 'SUCCESS' }),
    );
  await waitFor('the group', async () => (await stacks.physicalId(name, 'Group')) !== '');
  for (const id of ['a', 'b', 'a', 'a']) await signal(id);
  assert.equal((await stacks.describe(name)).StackStatus, 'CREATE_IN_PROGRESS');
  await signal('c');
  assert.equal((await stacks.settled(name)).StackStatus, 'CREATE_COMPLETE');
  assert.deepEqual(await stacks.story(name, 'Group'), [
    'CREATE_IN_PROGRESS',
    'CREATE_IN_PROGRESS Resource creation Initiated',
    ...['a', 'b', 'c'].map((id) => `CREATE_IN_PROGRESS Received SUCCESS signal with UniqueId ${id}`),
    'CREATE_COMPLETE',
  ]);
  await refused(
    signal('d'),
    'ValidationError',
    /^Stack arn:aws:\S+ is in CREATE_COMPLETE state and cannot be signaled$/,
  );
  await using _nodes = new Nodes(aws, stacks, name);
  await stacks.delete(name);
});

test('signals for a resource that is through, or unknown', async () => {
  const name = stacks.name();
  await stacks.start(name, groupTemplate({ ...base, creation: CREATION }));
  await waitFor('the group', async () => (await stacks.physicalId(name, 'Group')) !== '');
  const signal = (LogicalResourceId: string) =>
    stacks.client.send(
      new SignalResourceCommand({ StackName: name, LogicalResourceId, UniqueId: 'x', Status: 'SUCCESS' }),
    );
  await refused(
    signal('Template'),
    'ValidationError',
    /^Resource Template is in CREATE_COMPLETE state and cannot be signaled$/,
  );
  await refused(signal('Nobody'), 'ValidationError', /Nobody does not exist/);
  await using _nodes = new Nodes(aws, stacks, name);
  await stacks.settled(name);
  await stacks.delete(name);
});

test('a FAILURE signal fails the creation at once, and the group goes through its hooks', async () => {
  const name = stacks.name();
  const id = await stacks.start(name, groupTemplate({ ...base, creation: CREATION }));
  const player: Player = { ...GOOD, launching: (node) => node.signal('FAILURE') };
  await using _nodes = new Nodes(aws, stacks, id, player);
  assert.equal((await stacks.settled(id)).StackStatus, 'ROLLBACK_COMPLETE');
  const story = await stacks.story(id, 'Group');
  const reason =
    'Received 1 FAILURE signal(s) out of 3. Unable to satisfy 100% MinSuccessfulInstancesPercent requirement';
  assert.ok(story.includes(`CREATE_FAILED ${reason}`), story.join('\n'));
  assert.equal(story.at(-1), 'DELETE_COMPLETE');
});

test('signals that do not come fail the creation when the time is up; a lower percentage makes do without', async () => {
  const short = { Count: 3, Timeout: 'PT1S' };
  const silent = await stacks.start(stacks.name(), groupTemplate({ ...base, creation: { ResourceSignal: short } }));
  await using _nodes = new Nodes(aws, stacks, silent, { ...GOOD, launching: async () => {} });
  assert.equal((await stacks.settled(silent)).StackStatus, 'ROLLBACK_COMPLETE');
  const story = await stacks.story(silent, 'Group');
  assert.ok(story.includes('CREATE_FAILED Failed to receive 3 resource signal(s) within the specified duration'));
  const longer = { Count: 3, Timeout: 'PT1H' };
  const creation = { ResourceSignal: longer, AutoScalingCreationPolicy: { MinSuccessfulInstancesPercent: 60 } };
  const enough = await stacks.start(stacks.name(), groupTemplate({ ...base, creation }));
  let launched = 0;
  const player: Player = {
    ...GOOD,
    launching: async (node) => {
      const place = ++launched;
      await node.complete('launch');
      if (place <= 2) await node.signal();
    },
  };
  await using _others = new Nodes(aws, stacks, enough, player);
  const received = async () =>
    (await stacks.story(enough, 'Group')).filter((line) => line.includes('Received SUCCESS'));
  await waitFor('two of three signals', async () => (await received()).length === 2);
  assert.equal((await stacks.describe(enough)).StackStatus, 'CREATE_IN_PROGRESS', 'It waits for the third to the end.');
  aheadMs += HOUR_MS;
  assert.equal((await stacks.settled(enough)).StackStatus, 'CREATE_COMPLETE');
  await stacks.delete(enough);
});

test('a rolling update: one more first, then one by one, each for a signal; in the end as before', async () => {
  const { name, template, nodes, group } = await running();
  await using _nodes = nodes;
  const sinceEvents = (await stacks.story(name, 'Group')).length;
  nodes.looks.length = 0;
  await stacks.startUpdate(name, template({ word: 'second' }));
  await waitFor('the surge', async () => (await describe(group))?.DesiredCapacity === 4);
  assert.deepEqual(
    (await describe(group))?.SuspendedProcesses?.map(({ ProcessName }) => ProcessName).sort(),
    [...ROLLING.SuspendProcesses].sort(),
  );
  assert.equal((await stacks.settled(name)).StackStatus, 'UPDATE_COMPLETE');
  await aws.inService(group, 3);
  assert.deepEqual(await versions(group), ['2', '2', '2']);
  const after = await describe(group);
  const active = (after?.Instances ?? []).filter(({ LifecycleState }) => LifecycleState === 'InService');
  assert.equal(new Set(active.map(({ AvailabilityZone }) => AvailabilityZone)).size, 3);
  assert.deepEqual(sizes(after), [3, 3, 4]);
  assert.deepEqual(after?.SuspendedProcesses, []);
  assert.ok(
    nodes.looks.every(({ active }) => active >= 3),
    JSON.stringify(nodes.looks),
  );
  const round = (progress: number, replaced: number) => [
    `Terminating instance(s) [i-x]; replacing with ${replaced} new instance(s).`,
    `Successfully terminated instance(s) [i-x] (Progress ${progress}%).`,
  ];
  const wait = [
    'New instance(s) added to autoscaling group - Waiting on 1 resource signal(s) with a timeout of PT10M.',
    'Received SUCCESS signal with UniqueId i-x',
  ];
  assert.deepEqual(plain((await stacks.story(name, 'Group')).slice(sinceEvents + 1)), [
    'Rolling update initiated. Terminating 3 obsolete instance(s) in batches of 1, while keeping at least 3 instance(s) in service. Waiting on resource signals with a timeout of PT10M when new instances are added to the autoscaling group.',
    'Temporarily setting autoscaling group MinSize and DesiredCapacity to 4.',
    ...wait,
    ...round(33, 1),
    ...wait,
    ...round(67, 1),
    ...wait,
    ...round(100, 0),
    'UPDATE_COMPLETE',
  ]);
  await stacks.delete(name);
});

test('it does not wait for who is in Terminating:Wait: signals alone let it go on', async () => {
  const { name, template, nodes, group } = await running();
  await using _nodes = nodes;
  const held: (() => Promise<void>)[] = [];
  nodes.player = {
    ...GOOD,
    leaving: async (node) => {
      held.push(() => node.complete('terminate'));
    },
  };
  const stack = await stacks.update(name, template({ word: 'second' }));
  assert.equal(stack.StackStatus, 'UPDATE_COMPLETE');
  await waitFor('all three old ones to wait', async () => held.length === 3);
  const wanted = ['InService', 'InService', 'InService', ...Array(3).fill('Terminating:Wait')];
  await waitFor('the new ones to be in service beside them', async () => {
    const states = (await describe(group))?.Instances?.map(({ LifecycleState }) => LifecycleState).sort();
    return JSON.stringify(states) === JSON.stringify(wanted);
  });
  for (const complete of held) await complete();
  nodes.player = GOOD;
  await stacks.delete(name);
});

test('without room for one more, one is taken down first: MinInstancesInService below the size', async () => {
  const rolling = { ...ROLLING, MinInstancesInService: 2 };
  const { name, template, nodes, group } = await running({ properties: { MaxSize: '3' }, rolling });
  await using _nodes = nodes;
  nodes.looks.length = 0;
  await stacks.update(name, template({ word: 'second' }));
  await aws.inService(group, 3);
  assert.deepEqual(await versions(group), ['2', '2', '2']);
  assert.ok(
    nodes.looks.every(({ active }) => active >= 2 && active <= 3),
    JSON.stringify(nodes.looks),
  );
  const refusedSize = await stacks.update(name, template({ word: 'third', rolling: ROLLING }));
  assert.equal(refusedSize.StackStatus, 'UPDATE_ROLLBACK_COMPLETE');
  const story = await stacks.story(name, 'Group');
  assert.ok(
    story.some((line) => /UPDATE_FAILED MinInstancesInService \(3\) must be less than .*MaxSize \(3\)/.test(line)),
  );
  await stacks.delete(name);
});

test('without signals it pauses', async () => {
  const rolling = { MaxBatchSize: 3, MinInstancesInService: 0, PauseTime: 'PT1S' };
  const { name, template, nodes, group } = await running({ rolling });
  await using _nodes = nodes;
  const startedMs = Date.now();
  await stacks.update(name, template({ word: 'second' }));
  assert.ok(Date.now() - startedMs >= 1_000);
  await aws.inService(group, 3);
  assert.deepEqual(await versions(group), ['2', '2', '2']);
  await stacks.delete(name);
});

test('a failed update goes back under the previous policy: who still runs stays, only the new ones go', async () => {
  const { name, template, nodes, group } = await running();
  await using _nodes = nodes;
  const old = await aws.inService(group, 3);
  nodes.player = {
    ...GOOD,
    launching: (node) => (node.version === '2' ? node.signal('FAILURE') : GOOD.launching(node)),
  };
  nodes.looks.length = 0;
  const worse = template({ word: 'second', rolling: { ...ROLLING, PauseTime: 'PT20M' } });
  assert.equal((await stacks.update(name, worse)).StackStatus, 'UPDATE_ROLLBACK_COMPLETE');
  assert.deepEqual([...(await aws.inService(group, 3))].sort(), [...old].sort());
  assert.deepEqual(sizes(await describe(group)), [3, 3, 4]);
  assert.ok(
    nodes.looks.every(({ active }) => active >= 3),
    JSON.stringify(nodes.looks),
  );
  const story = plain(await stacks.story(name, 'Group'));
  assert.ok(
    story.some((line) => /^UPDATE_FAILED Received 1 FAILURE signal\(s\) out of 3\./.test(line)),
    story.join('\n'),
  );
  const last = story.slice(story.findIndex((line) => line.startsWith('UPDATE_FAILED')));
  assert.match(last.find((line) => line.startsWith('Rolling update')) ?? '', /1 obsolete .* timeout of PT10M/);
  assert.ok(last.includes('Terminating instance(s) [i-x]; replacing with 0 new instance(s).'));
  await stacks.delete(name);
});

test('the way back needs signals as well, for those that are gone already', async () => {
  const { name, template, nodes, group } = await running();
  await using _nodes = nodes;
  let launched = 0;
  nodes.player = {
    ...GOOD,
    launching: async (node) => {
      const place = node.version === '2' ? ++launched : 0;
      await node.complete('launch');
      await node.signal(place === 2 ? 'FAILURE' : 'SUCCESS');
    },
  };
  assert.equal((await stacks.update(name, template({ word: 'second' }))).StackStatus, 'UPDATE_ROLLBACK_COMPLETE');
  await aws.inService(group, 3);
  assert.deepEqual(await versions(group), ['1', '1', '1']);
  const story = await stacks.story(name, 'Group');
  const back = story.slice(story.findIndex((line) => line.startsWith('UPDATE_FAILED')));
  assert.ok(
    back.some((line) => line.includes('Received SUCCESS signal')),
    back.join('\n'),
  );
  await stacks.delete(name);
});

test('signals that do not come in PauseTime count as failures', async () => {
  const { name, template, nodes } = await running({ rolling: { ...ROLLING, PauseTime: 'PT1S' } });
  await using _nodes = nodes;
  nodes.player = {
    ...GOOD,
    launching: (node) => (node.version === '2' ? node.complete('launch') : GOOD.launching(node)),
  };
  assert.equal((await stacks.update(name, template({ word: 'second' }))).StackStatus, 'UPDATE_ROLLBACK_COMPLETE');
  const story = await stacks.story(name, 'Group');
  assert.ok(
    story.some((line) =>
      line.includes(
        'Failed to receive 1 resource signal(s) for the current batch. Each resource signal timeout is counted as a FAILURE.',
      ),
    ),
  );
  await stacks.delete(name);
});

test('sizes: those of the template, or with IgnoreUnmodifiedGroupSizeProperties only those that it changes', async () => {
  const scheduled = { IgnoreUnmodifiedGroupSizeProperties: true };
  const { name, template, nodes, group } = await running({
    properties: { MinSize: '1', MaxSize: '5', DesiredCapacity: '3' },
    scheduled,
  });
  await using _nodes = nodes;
  const scale = async (DesiredCapacity: number) => {
    await aws.operator.autoScaling.send(
      new SetDesiredCapacityCommand({ AutoScalingGroupName: group, DesiredCapacity }),
    );
    await aws.inService(group, DesiredCapacity);
  };
  const change = (properties: object, options: Partial<GroupOptions> = {}) =>
    stacks.update(
      name,
      template({ ...options, properties: { MinSize: '1', MaxSize: '5', DesiredCapacity: '3', ...properties } }),
    );
  await scale(4);
  await change({ HealthCheckGracePeriod: 10 });
  assert.deepEqual(sizes(await describe(group)), [1, 4, 5]);
  await change({ MaxSize: '6' });
  assert.deepEqual(sizes(await describe(group)), [1, 4, 6]);
  await change({ MaxSize: '6' }, { word: 'second' });
  await aws.inService(group, 4);
  assert.deepEqual(sizes(await describe(group)), [1, 4, 6]);
  assert.deepEqual(await versions(group), ['2', '2', '2', '2']);
  await change(
    { MaxSize: '6', HealthCheckGracePeriod: 20 },
    { word: 'second', scheduled: { IgnoreUnmodifiedGroupSizeProperties: false } },
  );
  assert.deepEqual(sizes(await describe(group)), [1, 3, 6]);
  await stacks.delete(name);
});

test('hooks and tags of the group follow the template; tags of others stay', async () => {
  const { name, template, nodes, group } = await running({
    properties: { Tags: [{ Key: 'a', Value: '1', PropagateAtLaunch: true }] },
  });
  await using _nodes = nodes;
  const tag = { ResourceId: group, ResourceType: 'auto-scaling-group', PropagateAtLaunch: false };
  await aws.operator.autoScaling.send(new CreateOrUpdateTagsCommand({ Tags: [{ ...tag, Key: 'theirs', Value: 'x' }] }));
  const [launch] = HOOKS;
  const properties = {
    LifecycleHookSpecificationList: launch === undefined ? [] : [{ ...launch, HeartbeatTimeout: 60 }],
    Tags: [{ Key: 'b', Value: '2', PropagateAtLaunch: false }],
  };
  await stacks.update(name, template({ properties }));
  const { LifecycleHooks = [] } = await aws.operator.autoScaling.send(
    new DescribeLifecycleHooksCommand({ AutoScalingGroupName: group }),
  );
  assert.deepEqual(
    LifecycleHooks.map((hook) => [hook.LifecycleHookName, hook.HeartbeatTimeout]),
    [['launch', 60]],
  );
  const tags = (await describe(group))?.Tags ?? [];
  assert.deepEqual(
    tags
      .map(({ Key = '' }) => Key)
      .filter((key) => !key.startsWith('aws:'))
      .sort(),
    ['b', 'theirs'],
  );
  assert.equal(tags.find(({ Key }) => Key === 'aws:cloudformation:stack-name')?.Value, name);
  const [instance = ''] = await aws.inService(group, 3);
  const seen = (await aws.seen(instance))?.Tags ?? [];
  assert.equal(seen.find(({ Key }) => Key === 'aws:cloudformation:logical-id')?.Value, 'Group');
  await stacks.delete(name);
});

test('a group is deleted to zero through its hooks first; what it needs comes after it', async () => {
  const { name, nodes, group } = await running();
  await using _nodes = nodes;
  const held: (() => Promise<void>)[] = [];
  nodes.player = {
    ...GOOD,
    leaving: async (node) => {
      held.push(() => node.complete('terminate'));
    },
  };
  const { StackId = '' } = await stacks.describe(name);
  await stacks.client.send(new DeleteStackCommand({ StackName: name }));
  await waitFor('three to wait', async () => held.length === 3);
  assert.deepEqual(sizes(await describe(group)), [0, 0, 0]);
  assert.ok(!(await stacks.story(StackId)).includes('Template DELETE_IN_PROGRESS'));
  for (const complete of held) await complete();
  assert.equal((await stacks.settled(StackId)).StackStatus, 'DELETE_COMPLETE');
  const story = await stacks.story(StackId);
  assert.ok(story.indexOf('Group DELETE_COMPLETE') < story.indexOf('Template DELETE_IN_PROGRESS'));
  assert.equal(await describe(group), undefined);
});

test('a stack that is still being created can be deleted: the creation is given up', async () => {
  const name = stacks.name();
  const StackId = await stacks.start(name, groupTemplate({ ...base, creation: CREATION }));
  await waitFor('the group', async () => (await stacks.physicalId(name, 'Group')) !== '');
  await using _nodes = new Nodes(aws, stacks, StackId, { ...GOOD, launching: (node) => node.complete('launch') });
  assert.equal((await stacks.delete(name)).StackStatus, 'DELETE_COMPLETE');
  const story = await stacks.story(StackId);
  assert.ok(story.includes('Group CREATE_FAILED Resource creation cancelled'), story.join('\n'));
  assert.ok(!story.some((line) => line.includes('ROLLBACK')));
  assert.ok(story.includes('Template DELETE_COMPLETE'));
});

test('a group that does not become empty fails the deletion, and says who is left', async () => {
  const local = await LocalAws.start({ cloudFormationTimings: { pollMs: 50, groupDeletionMs: 1_500 } });
  const own = new Stacks(local);
  try {
    const name = own.name();
    const options = { subnets: await local.subnets(), image: await local.image(), creation: CREATION };
    const id = await own.start(name, groupTemplate(options));
    await using nodes = new Nodes(local, own, id);
    assert.equal((await own.settled(id)).StackStatus, 'CREATE_COMPLETE');
    nodes.player = { ...GOOD, leaving: async () => {} };
    assert.equal((await own.delete(name)).StackStatus, 'DELETE_FAILED');
    const story = await own.story(id, 'Group');
    assert.match(story.at(-1) ?? '', /DELETE_FAILED .*did not become empty in time; left are i-\w+ Terminating:Wait/);
  } finally {
    own.close();
    await local.close();
  }
});

test('what was suspended before stays suspended', async () => {
  const { name, template, nodes, group } = await running();
  await using _nodes = nodes;
  await aws.operator.autoScaling.send(
    new SuspendProcessesCommand({ AutoScalingGroupName: group, ScalingProcesses: ['HealthCheck'] }),
  );
  await stacks.update(name, template({ word: 'second' }));
  assert.deepEqual(
    (await describe(group))?.SuspendedProcesses?.map(({ ProcessName }) => ProcessName),
    ['HealthCheck'],
  );
  await stacks.delete(name);
});

test('policies that can not be are refused before anything is made', async () => {
  const start = (options: Partial<GroupOptions>) => stacks.start('never', groupTemplate({ ...base, ...options }));
  await refused(start({ rolling: { ...ROLLING, PauseTime: 'PT2H' } }), 'ValidationError', /longer than PT1H/);
  await refused(
    start({ rolling: { ...ROLLING, SuspendProcesses: ['Launch'] } }),
    'ValidationError',
    /can not suspend Launch/,
  );
  await refused(start({ rolling: { ...ROLLING, MaxBatchSize: 0 } }), 'ValidationError', /MaxBatchSize/);
  await refused(
    start({ rolling: { ...ROLLING, MinActiveInstancesPercent: 50 } }),
    'ValidationError',
    /does not support MinActive/,
  );
  await refused(start({ creation: { ResourceSignal: { Timeout: 'soon' } } }), 'ValidationError', /not a duration/);
});

test('a launch template version is a number', async () => {
  const properties = { LaunchTemplate: { LaunchTemplateId: { Ref: 'Template' }, Version: '$Latest' } };
  const stack = await stacks.create(stacks.name(), groupTemplate({ ...base, properties }));
  assert.equal(stack.StackStatus, 'ROLLBACK_COMPLETE');
  const story = await stacks.story(stack.StackId ?? '', 'Group');
  assert.ok(
    story.some((line) => /CREATE_FAILED .*\$Latest and \$Default are not supported/.test(line)),
    story.join('\n'),
  );
});

test('closing the gateway gives up what is under way, without undoing it', async () => {
  const local = await LocalAws.start();
  const own = new Stacks(local);
  const options = { subnets: await local.subnets(), image: await local.image(), creation: CREATION };
  const id = await own.start(own.name(), groupTemplate(options));
  await waitFor('the group', async () => (await own.physicalId(id, 'Group')) !== '');
  own.close();
  await local.close();
  assert.equal(local.cloud.calls.list({ action: 'DeleteLaunchTemplate' }).length, 0);
});
