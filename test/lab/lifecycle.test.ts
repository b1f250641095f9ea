// SPDX-License-Identifier: Apache-2.0
/**
 * Nodes in a group with lifecycle hooks: who votes is launched, who leaves has left the config before its instance
 * goes, and what the dead can't answer the living do. Then the same with kill -9 right before and right after each of
 * the steps that tell the group or the stack something.
 */
import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  DescribeAutoScalingGroupsCommand,
  PutLifecycleHookCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { CloudFormationClient, CreateStackCommand, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { REGION } from '../../lab/aws-clients.ts';
import type { AgentRunOptions } from '../../lab/hypervisor/machine.ts';
import { LAB_TIMINGS } from '../../src/timings.ts';
import { oneEnsemble } from './support/agreement.ts';
import { killedAt } from './support/kill-at.ts';
import { startLab, type TestLab, waitFor } from './support/lab.ts';
import { LIFECYCLE_KINDS, type LifecycleKind } from './support/lifecycle-kinds.ts';
import { bootstrapped } from './support/survivors.ts';
import { wholeRun } from './support/whole-run.ts';
import { WrittenData } from './support/written-data.ts';

const LIMIT_MS = 120_000;
const STOPS = ['stop-removed', 'stop-server'];
const HOOKS = { LAUNCH_HOOK: 'launch', TERMINATE_HOOK: 'terminate' };
const TIMINGS = JSON.stringify({ ...LAB_TIMINGS, heartbeatMs: 1_000 });

/** The first instances are not held: the hooks come after them. */
async function hookedLab(options: Partial<Parameters<typeof startLab>[0]> = {}): Promise<TestLab> {
  const lab = await startLab({ nodes: 3, settings: { ...HOOKS, TIMINGS }, ...options });
  await lab.healthy();
  for (const [name, transition] of [
    ['launch', 'autoscaling:EC2_INSTANCE_LAUNCHING'],
    ['terminate', 'autoscaling:EC2_INSTANCE_TERMINATING'],
  ]) {
    await lab.lab.operator.autoScaling.send(
      new PutLifecycleHookCommand({
        AutoScalingGroupName: lab.lab.stack.group,
        LifecycleHookName: name,
        LifecycleTransition: transition,
        HeartbeatTimeout: 300,
        DefaultResult: 'ABANDON',
      }),
    );
  }
  return lab;
}

/** Outcomes of the calls of this action that the instance has made. */
function outcomes(lab: TestLab, instance: string, action: string): readonly string[] {
  return lab
    .callsOf(instance)
    .filter((call) => call.action === action)
    .map((call) => call.outcome);
}

/** The steps that cron and boot have taken on this node. */
function stepsOf(lab: TestLab, instance: string): readonly unknown[] {
  return lab
    .agentLog(instance)
    .filter(({ event }) => event === 'acted')
    .map(({ step }) => step);
}

/** As the group lists its instances; one that it does not list any more is missing. */
async function lifecycleStates(lab: TestLab): Promise<ReadonlyMap<string, string>> {
  const { AutoScalingGroups } = await lab.lab.operator.autoScaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [lab.lab.stack.group] }),
  );
  const instances = AutoScalingGroups?.[0]?.Instances ?? [];
  return new Map(instances.map(({ InstanceId, LifecycleState }) => [InstanceId ?? '', LifecycleState ?? '']));
}

/** With `ShouldDecrementDesiredCapacity` it is a scale-in of this very instance. */
async function takeOut(lab: TestLab, instance: string, decrement: boolean): Promise<void> {
  await lab.lab.operator.autoScaling.send(
    new TerminateInstanceInAutoScalingGroupCommand({
      InstanceId: instance,
      ShouldDecrementDesiredCapacity: decrement,
    }),
  );
}

async function newcomer(lab: TestLab, known: readonly string[]): Promise<string> {
  const node = await lab.nodeWhere(
    'another machine is on',
    (each) => each.machine === 'running' && !known.includes(each.instance),
    LIMIT_MS,
  );
  return node.instance;
}

test('a group grows and shrinks through its hooks, the leader leaves too, and no write is lost', {
  timeout: 600_000,
}, async () => {
  await using lab = await hookedLab();
  const written = await WrittenData.start(lab);
  await written.write(20);
  const founders = (await lab.nodes()).map(({ instance }) => instance);

  await lab.scale(5);
  const grown = await lab.healthy();
  const joined = grown.nodes.map(({ instance }) => instance).filter((instance) => !founders.includes(instance));
  assert.equal(joined.length, 2);
  for (const instance of joined) {
    await waitFor(async () => (await lifecycleStates(lab)).get(instance) === 'InService', {
      limitMs: LIMIT_MS,
      why: 'its launch is over',
    });
    // The group knows of it before the node has written its line.
    await waitFor(() => stepsOf(lab, instance).includes('complete-launch'), {
      limitMs: LIMIT_MS,
      why: 'it says that it completed its launch',
    });
    assert.ok(outcomes(lab, instance, 'RecordLifecycleActionHeartbeat').includes('ok'), 'it prolonged its launch');
  }
  await written.write(20);

  const leader = await lab.leader();
  const others = grown.nodes.map(({ instance }) => instance).filter((instance) => instance !== leader.instance);
  const leavers = [leader.instance, ...others.slice(0, 1)];
  for (const instance of leavers) await takeOut(lab, instance, true);
  await lab.untilGone(leavers, LIMIT_MS);
  for (const instance of leavers) {
    // The hook's answer may end the machine before its log line is there.
    const steps = stepsOf(lab, instance).filter((step) => step !== 'complete-leaving');
    const [removed, stopped] = [
      steps.indexOf('remove-self'),
      Math.max(...STOPS.map((stop) => steps.lastIndexOf(stop))),
    ];
    assert.ok(removed >= 0 && stopped > removed, `it had left before its hook was answered: ${steps.join(', ')}`);
    await waitFor(() => outcomes(lab, instance, 'CompleteLifecycleAction').at(-1) === 'ok', {
      limitMs: LIMIT_MS,
      why: 'the answer of its hook is in the log of the calls',
    });
  }
  await lab.healthy();
  await written.checkOn(await oneEnsemble(lab, 3));
});

test('the hook of an instance that was terminated behind the group is answered by a voter', {
  timeout: 600_000,
}, async () => {
  await using lab = await hookedLab();
  const before = (await lab.nodes()).map(({ instance }) => instance);
  const [{ instance: victim }] = await lab.followers(1);
  await lab.terminate(victim);
  await lab.untilGone([victim]);
  await newcomer(lab, before);
  await lab.healthy();
  await waitFor(async () => !(await lifecycleStates(lab)).has(victim), {
    limitMs: LIMIT_MS,
    why: 'the group lets go of the dead, long before its hook ends',
  });
  const answered = async (): Promise<boolean> =>
    (await lab.nodes()).some(({ instance }) => stepsOf(lab, instance).includes('complete-hooks-of-the-gone'));
  await waitFor(answered, { limitMs: LIMIT_MS, why: 'who answered says so' });
});

test('runs die before and after each step that tells the group or the stack something', {
  timeout: 700_000,
}, async () => {
  await using lab = await hookedLab({ ticks: 'never' });
  await bootstrapped(lab);
  const died = new Set<string>();
  const once = (instance: string, args: readonly string[], options: AgentRunOptions, event: 'act' | 'acted') =>
    lab.agent(instance, args, options).catch((error: unknown) => {
      // What the step said may end the machine before the run has ended itself.
      if (event === 'acted' && /went off/.test(String(error))) return undefined;
      throw error;
    });
  /** A run that dies right before the step, one that dies right after it, and one that comes to its end. */
  const walk = async (
    kind: LifecycleKind,
    instance: string,
    args: readonly string[],
    settings: Readonly<Record<string, string>> = {},
  ): Promise<void> => {
    for (const event of ['act', 'acted'] as const) {
      const { environment } = killedAt({ event, step: kind });
      const environmentOfRun = { environment: { ...environment, ...settings } };
      let run = await once(instance, args, environmentOfRun, event);
      // On a busy machine a tick may end before it has come to the step.
      while (run?.stderr.includes('NOT_READY_IN_TIME')) run = await once(instance, args, environmentOfRun, event);
      died.add(kind);
      if (run === undefined) continue;
      assert.equal(run.signal, 'SIGKILL', run.stdout + run.stderr);
      assert.match(run.stdout.trimEnd().split('\n').at(-1) ?? '', new RegExp(`"event":"${event}","step":"${kind}"`));
    }
  };
  const whole = (instance: string, args: readonly string[], environment = {}): Promise<unknown> =>
    wholeRun(lab, instance, args, { environment });

  const untilToLeave = (instance: string): Promise<unknown> =>
    waitFor(() => lab.lab.aws.membership(instance)?.target === 'Terminated', {
      limitMs: LIMIT_MS,
      why: 'it is to leave',
    });

  const founders = (await lab.nodes()).map(({ instance }) => instance);
  lab.setBootPlan({ bootstrap: false });
  await lab.scale(4);
  const joiner = await newcomer(lab, founders);
  await walk('complete-launch', joiner, ['bootstrap']);
  await whole(joiner, ['recovery']);
  assert.equal((await lifecycleStates(lab)).get(joiner), 'InService');
  await oneEnsemble(lab, 4);

  const STACK = await smallStack(lab);
  await walk('signal-success', joiner, ['bootstrap'], { STACK });
  await whole(joiner, ['bootstrap'], { STACK });
  // The stack is whole and waits for nobody, which is an answer as well.
  assert.deepEqual(outcomes(lab, joiner, 'SignalResource'), ['ValidationError']);

  await takeOut(lab, joiner, true);
  await untilToLeave(joiner);
  await walk('complete-leaving', joiner, ['recovery']);
  await lab.untilGone([joiner], LIMIT_MS);
  await oneEnsemble(lab, 3);

  const [{ instance: victim }] = await lab.followers(1);
  await lab.terminate(victim);
  await lab.untilGone([victim]);
  const replacement = await newcomer(lab, [...founders, joiner]);
  const { instance: voter } = await lab.leader();
  await walk('complete-hooks-of-the-gone', voter, ['bootstrap']);
  await whole(voter, ['bootstrap']);
  await waitFor(async () => !(await lifecycleStates(lab)).has(victim), {
    limitMs: LIMIT_MS,
    why: 'the group lets go of the dead',
  });

  // Data that nobody can vouch for: the bootstrap is refused.
  const data = (instance: string): string => join(lab.directoryOf(instance), 'data', 'version-2');
  await cp(data(victim), data(replacement), { recursive: true });
  await walk('give-up-launch', replacement, ['bootstrap']);
  await untilToLeave(replacement);
  // It was never a member, so nothing holds it.
  await lab.agent(replacement, ['recovery']).catch(() => undefined);
  await lab.untilGone([replacement], LIMIT_MS);
  const last = await newcomer(lab, [...founders, joiner, replacement]);
  await whole(last, ['bootstrap']);
  await oneEnsemble(lab, 3);

  assert.deepEqual([...died].sort(), [...LIFECYCLE_KINDS].sort());
});

/** A stack that waits for nobody's signal, and can be asked to all the same. */
async function smallStack(lab: TestLab): Promise<string> {
  const { aws, operator } = lab.lab;
  const client = new CloudFormationClient({
    region: REGION,
    endpoint: aws.url,
    credentials: await operator.autoScaling.config.credentials(),
  });
  try {
    const TemplateBody = JSON.stringify({ Resources: { Group: { Type: 'AWS::Logs::LogGroup' } } });
    const { StackId } = await client.send(new CreateStackCommand({ StackName: 'signalled', TemplateBody }));
    await waitFor(
      async () => {
        const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: StackId }));
        return Stacks?.[0]?.StackStatus === 'CREATE_COMPLETE';
      },
      { limitMs: LIMIT_MS, why: 'the stack is made' },
    );
    return StackId ?? '';
  } finally {
    client.destroy();
  }
}
