// SPDX-License-Identifier: Apache-2.0
/**
 * Least privilege, held against what the nodes of a stack really ask AWS for: everything that can happen to a cluster
 * happens once, under enforced policies, and is recorded.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DescribeLifecycleHooksCommand } from '@aws-sdk/client-auto-scaling';
import { CreateLogStreamCommand, PutLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DeleteObjectCommand, GetBucketPolicyCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { type PoliciesInForce, type PolicyPart, unneededParts, unusedActions } from '../cloud/least-privilege.ts';
import { knownActions, readPolicy } from '../cloud/policies.ts';
import { ForeignData } from './support/foreign-data.ts';
import { allInService, lifecycleStates, scaleInOf, setDesired } from './support/group.ts';
import { startLab, type TestLab, waitFor } from './support/lab.ts';
import { awsAs } from './support/node-access.ts';
import { withoutAction } from './support/role-in-template.ts';
import { errorOf } from './support/told.ts';
import { wholeRun } from './support/whole-run.ts';

const LIMIT_MS = 300_000;
const DEPLOY_LIMIT_MS = 900_000;

let lab: TestLab;

before(async () => {
  lab = await startLab({ nodes: 3, deployed: true });
  await lab.healthy();
  await lab.lab.deployed(AbortSignal.timeout(LIMIT_MS));
});

after(() => lab[Symbol.asyncDispose]());

/** Three that vote, three that the group has in service, and no hook left open. */
async function settled(): Promise<readonly string[]> {
  await lab.healthy();
  return allInService(lab, 3);
}

async function follower(): Promise<string> {
  return (await lab.nodeWhere('a node follows', ({ role }) => role === 'follower')).instance;
}

async function succeeds(target: string, args: readonly string[]): Promise<void> {
  await wholeRun(lab, target, args);
}

/** Each is a scenario after which three nodes vote again. */
const SCENARIOS: Readonly<Record<string, () => Promise<void>>> = {
  'an operator takes a node out and brings it back': async () => {
    const instance = await follower();
    await succeeds(instance, ['leave']);
    await succeeds(instance, ['bootstrap', '--rejoin']);
  },
  'maintenance goes on and off': async () => {
    const instance = await follower();
    await succeeds(instance, ['maintenance', 'on']);
    await succeeds(instance, ['maintenance', 'off']);
  },
  'a node is terminated behind the back of its group, and a voter answers its hook': async () => {
    const victim = await follower();
    await lab.terminate(victim);
    await lab.untilGone([victim]);
    await waitFor(async () => !(await lifecycleStates(lab)).has(victim), {
      limitMs: LIMIT_MS,
      why: 'the group lets go of the dead, long before its hook times out',
    });
    const answered = async (): Promise<boolean> =>
      (await lab.nodes())
        .filter(({ instance }) =>
          lab.callsOf(instance).some(({ action, outcome }) => action === 'CompleteLifecycleAction' && outcome === 'ok'),
        )
        .flatMap(({ instance }) => lab.agentLog(instance))
        .some(({ event, step }) => event === 'acted' && step === 'complete-hooks-of-the-gone');
    await waitFor(answered, { limitMs: LIMIT_MS, why: 'who answered the hook says so' });
  },
  'the group grows and shrinks': async () => {
    const leaver = await follower();
    await setDesired(lab, 4);
    await allInService(lab, 4);
    await lab.healthy();
    await scaleInOf(lab, leaver);
    await lab.untilGone([leaver], LIMIT_MS);
  },
  'the stack is updated to another image': async () => {
    await lab.lab.update(undefined, () => {}, AbortSignal.timeout(DEPLOY_LIMIT_MS));
  },
  'a new node gives up its bootstrap and abandons its launch, and the group launches another': async () => {
    const foreign = new ForeignData(lab, await settled());
    await setDesired(lab, 4);
    const bad = await foreign.onNextNode();
    await lab.untilGone([bad], LIMIT_MS);
    // What it tells the group may end the machine before the line that it was told.
    const steps = lab.agentLog(bad).filter(({ event }) => event === 'act');
    assert.ok(steps.some(({ step }) => step === 'give-up-launch'));
    const now = await allInService(lab, 4);
    assert.ok(!now.includes(bad));
    await lab.healthy();
    await setDesired(lab, 3);
  },
  'a majority is lost, and the survivor recovers by force': async () => {
    const lost = await lab.terminate('majority');
    await lab.untilGone(lost);
    await waitFor(async () => (await lab.records()).length === 2, { limitMs: LIMIT_MS, why: 'a record is forced' });
  },
};

for (const [what, happens] of Object.entries(SCENARIOS)) {
  test(what, { timeout: 1_500_000 }, async () => {
    await happens();
    await settled();
  });
}

/** The lab's images are without the CloudWatch agent; these are its calls (role logs, in ansible/roles). */
test('a node sends its log', async () => {
  const [{ instance } = { instance: '' }] = await lab.nodes();
  using aws = await awsAs(lab, instance);
  const stream = { logGroupName: `/zookeeper/${lab.lab.stack.cluster}/nodes`, logStreamName: instance };
  await aws.logs.send(new CreateLogStreamCommand(stream));
  const logEvents = [{ timestamp: Date.now(), message: 'a line' }];
  await aws.logs.send(new PutLogEventsCommand({ ...stream, logEvents }));
});

/** No node of the lab waits in a hook for the forty minutes after which its agent asks this. */
test('a node asks how long the hook in which it waits can last', async () => {
  const [{ instance } = { instance: '' }] = await lab.nodes();
  using aws = await awsAs(lab, instance);
  const hook = { AutoScalingGroupName: lab.lab.stack.group, LifecycleHookNames: ['launch'] };
  const { LifecycleHooks } = await aws.autoScaling.send(new DescribeLifecycleHooksCommand(hook));
  assert.ok((LifecycleHooks?.[0]?.GlobalTimeout ?? 0) >= 3_000);
});

/** What a node with a fault, or an intruder on it, would try; the bucket's policy is what stands against it. */
test('a node can not write over what is created once, nor write without a condition, nor delete', async () => {
  const [{ instance } = { instance: '' }] = await lab.nodes();
  using aws = await awsAs(lab, instance);
  const { bucket: Bucket, cluster } = lab.lab.stack;
  for (const prefix of ['claims', 'dead', 'lineage', 'reports']) {
    const Key = `${cluster}/${prefix}/intruder.json`;
    await assert.rejects(aws.s3.send(new PutObjectCommand({ Bucket, Key, Body: '{}' })), { name: 'AccessDenied' });
    await assert.rejects(aws.s3.send(new DeleteObjectCommand({ Bucket, Key })), { name: 'AccessDenied' });
  }
});

/** Statements of the bucket's policy that no call of the lab can need; test/cf/policies.test.ts holds them. */
const BEYOND_THE_LAB: Readonly<Record<string, string>> = {
  'bucket/OnlyOverTls': 'the lab counts its plain HTTP as secure transport',
  'bucket/NodesOnlyReadAndWrite': 'it holds a role that has more rights than this one',
};

test('each action, resource and condition of role and bucket is needed, and nothing allowed is unused', async () => {
  const { accessRecord, rightsOf } = lab.lab.aws;
  const [{ instance } = { instance: '' }] = await lab.nodes();
  const identity = await rightsOf(instance);
  assert.ok(identity.kind === 'role', 'The nodes have the role of their stack.');
  const { role } = identity;
  const { Policy = '' } = await lab.lab.operator.s3.send(new GetBucketPolicyCommand({ Bucket: lab.lab.stack.bucket }));
  const inForce: PoliciesInForce = {
    identity: role.policies,
    bucket: readPolicy('bucket', 'resource', JSON.parse(Policy)),
  };
  const record = accessRecord.list().filter(({ principal }) => principal.identityArn === role.arn);
  assert.equal(accessRecord.dropped, 0, 'The record is whole.');
  assert.ok(record.length > 20);
  const inWords = ({ statement, element, text }: PolicyPart): string => `${statement} ${element} ${text}`;
  const unneeded = unneededParts(record, inForce).filter(({ statement }) => !(statement in BEYOND_THE_LAB));
  assert.deepEqual(unneeded.map(inWords), []);
  assert.deepEqual(unusedActions(record, inForce, knownActions().keys()), []);
  const denied = record.filter(({ allowed, because }) => !allowed && because === 'denied-by-resource');
  assert.ok(denied.length >= 4, 'The attempts of the intruder are in the record.');
});

/** The first line of the log that says so, on this node or on any. */
async function deniedLine(action: string, instance?: string): Promise<Readonly<Record<string, unknown>>> {
  return waitFor(
    async () => {
      const instances = instance === undefined ? (await lab.nodes()).map((node) => node.instance) : [instance];
      return instances
        .flatMap((one) => lab.agentLog(one))
        .find(({ code, saw }) => code === 'AWS_DENIED' && String(saw).includes(action));
    },
    { limitMs: LIMIT_MS, why: `a node says that ${action} is denied` },
  );
}

test('without logs:CreateLogStream a new node says that it is denied, and joins once it is allowed', {
  timeout: 1_500_000,
}, async () => {
  const before = await settled();
  await withoutAction(lab, 'logs:CreateLogStream', async () => {
    await setDesired(lab, 4);
    const line = await deniedLine('CreateLogStream');
    assert.match(String(line.saw), /CloudWatch Logs CreateLogStream .*AccessDenied/);
    const { address = '' } = await lab.leader();
    assert.equal((await lab.configOf(address)).members.length, 3, 'It has not joined.');
  });
  const now = await allInService(lab, 4);
  assert.equal(now.filter((instance) => before.includes(instance)).length, 3);
});

test('without autoscaling:CompleteLifecycleAction a leaving node says that it is denied, and goes once it is allowed', {
  timeout: 1_500_000,
}, async () => {
  const leaver = await follower();
  await withoutAction(lab, 'autoscaling:CompleteLifecycleAction', async () => {
    await scaleInOf(lab, leaver);
    await deniedLine('CompleteLifecycleAction', leaver);
    assert.equal((await lifecycleStates(lab)).get(leaver), 'Terminating:Wait', 'Its group waits.');
  });
  await lab.untilGone([leaver], LIMIT_MS);
  await settled();
});

test('without autoscaling:CreateOrUpdateTags maintenance ends in the error that the runbook lists', {
  timeout: 1_500_000,
}, async () => {
  const instance = await follower();
  await withoutAction(lab, 'autoscaling:CreateOrUpdateTags', async () => {
    const told = errorOf(await lab.agent(instance, ['maintenance', 'on']));
    assert.equal(told.code, 'AWS_DENIED');
    assert.match(told.saw, /Auto Scaling CreateOrUpdateTags/);
    assert.ok(told.saw.includes(instance), 'It names the node.');
  });
  await succeeds(instance, ['maintenance', 'off']);
});
