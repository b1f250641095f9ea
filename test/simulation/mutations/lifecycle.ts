// SPDX-License-Identifier: Apache-2.0
import { LAUNCH_WAIT, ownState, TERMINATE_WAIT } from '../../../src/facts/lifecycle.ts';
import type { LoopParts } from '../../../src/loop.ts';
import type { Observation } from '../../../src/model/observation.ts';
import { take } from '../../../src/model/step.ts';
import type { Mutation } from './mutation.ts';
import { deciding, withLives } from './seen.ts';

export const LIFECYCLE_MUTATIONS: readonly Mutation[] = [
  {
    name: 'launched-before-voting',
    rule: 'Joining 6: the launch hook is completed once the node votes',
    seeds: 200,
    parts: (parts) => ({
      ...parts,
      decide: (observation) => launched(observation) ?? parts.decide(observation),
      act: async (step, context) => {
        if (step.kind !== 'complete-launch') return parts.act(step, context);
        const { ports, self, signal } = context;
        await ports.autoScaling.completeHook(step.group, step.hook, self.instance, 'CONTINUE', signal);
      },
    }),
  },
  {
    name: 'signals-before-the-leaving',
    rule: 'Joining 9: the stack is told when no terminating member is left in the config',
    seeds: 50,
    parts: (parts) => ({
      ...parts,
      decide: (observation) => {
        const decision = parts.decide(observation);
        const { disk } = observation;
        const early = decision.kind === 'wait' && /tells the stack so later/.test(decision.why);
        return early && disk.id !== undefined ? take({ kind: 'signal-success', id: disk.id }, 'Too early.') : decision;
      },
    }),
  },
  {
    name: 'gives-up-without-quorum',
    rule: 'Joining 10: no launch is given up while the quorum may be lost',
    seeds: 100,
    parts: (parts) => ({ ...parts, giveUp: (observation) => parts.giveUp(observation) ?? givenUp(observation) }),
  },
  {
    name: 'leaves-unasked',
    rule: 'Leaving 1: the terminate hook is completed after the node has left the config',
    seeds: 400,
    parts: (parts) => ({ ...parts, decide: (observation) => leaveAtOnce(observation) ?? parts.decide(observation) }),
  },
  {
    name: 'counts-who-shuts-down',
    rule: 'Leaving 2: a server whose instance shuts down does not count, though it still answers',
    parts: deciding((observation) =>
      leaves(observation) ? withLives(observation, (life) => (life === 'shutting-down' ? 'alive' : life)) : observation,
    ),
  },
  {
    name: 'counts-who-leaves-too',
    rule: 'Leaving 2: those that stay have a quorum of their own',
    parts: deciding((observation) => (leaves(observation) ? withoutOtherLeavers(observation) : observation)),
  },
  {
    name: 'no-heartbeats',
    rule: 'Leaving 3: whoever waits in a hook prolongs it',
    ports: (ports) => ({ ...ports, autoScaling: { ...ports.autoScaling, heartbeat: async () => 'recorded' } }),
  },
  {
    name: 'hooks-of-the-living',
    rule: 'Leaving 4: nobody answers a hook of an instance that lives',
    seeds: 300,
    parts: deciding((observation) => {
      const { group } = observation;
      if (!group.known) return observation;
      const held = group.value.instances.filter(({ lifecycleState }) => lifecycleState === TERMINATE_WAIT);
      const dead = Object.fromEntries(held.map(({ instance }) => [instance, 'gone' as const]));
      const own = { [observation.self.instance]: observation.lives[observation.self.instance] ?? 'alive' };
      return { ...observation, lives: { ...observation.lives, ...dead, ...own } };
    }),
  },
  {
    name: 'forgets-that-it-gave-up',
    rule: 'Joining 10: a node that has begun to abandon its launch takes no part',
    parts: deciding(({ disk: { abandoned: _, ...disk }, ...seen }) => ({ ...seen, disk })),
  },
];

function leaves({ targetState }: Observation): boolean {
  return targetState.known && targetState.value === 'Terminated';
}

function launched(observation: Observation): ReturnType<LoopParts['decide']> | undefined {
  const { group, stack, disk } = observation;
  if (!group.known || stack?.launchHook === undefined || ownState(observation) !== LAUNCH_WAIT) return undefined;
  const step = { kind: 'complete-launch', group: group.value.name, hook: stack.launchHook, id: disk.id ?? 0 } as const;
  return take(step, 'It runs.');
}

function givenUp(observation: Observation): ReturnType<LoopParts['giveUp']> {
  const { group, stack, shared, order } = observation;
  if (order.command !== 'bootstrap' || !group.known || !shared.known || stack?.launchHook === undefined) {
    return undefined;
  }
  if (ownState(observation) !== LAUNCH_WAIT) return undefined;
  const record = shared.value.records.at(-1)?.number ?? 0;
  const hook = stack.launchHook;
  return take({ kind: 'give-up-launch', group: group.value.name, hook, signals: true, record }, 'It took too long.');
}

function leaveAtOnce(observation: Observation): ReturnType<LoopParts['decide']> | undefined {
  const { group, stack, server } = observation;
  if (!leaves(observation) || !group.known || stack?.terminateHook === undefined) return undefined;
  if (ownState(observation) !== TERMINATE_WAIT) return undefined;
  if (server.upMs !== undefined) return take({ kind: 'stop-server' }, 'It is to go.');
  return take({ kind: 'complete-leaving', group: group.value.name, hook: stack.terminateHook }, 'It has gone.');
}

function withoutOtherLeavers(observation: Observation): Observation {
  const { group, self } = observation;
  if (!group.known) return observation;
  const instances = group.value.instances.map((entry) =>
    entry.instance === self.instance ? entry : { ...entry, lifecycleState: 'InService' },
  );
  return { ...observation, group: { known: true, value: { ...group.value, instances } } };
}
