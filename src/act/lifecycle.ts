// SPDX-License-Identifier: Apache-2.0
/** Steps that tell the Auto Scaling group and the stack the state of this node. Each may be repeated at any time. */

import { LAUNCH_WAIT } from '../facts/lifecycle.ts';
import { listed } from '../model/member.ts';
import type { Step } from '../model/step.ts';
import { readRecords } from '../registry/lineage.ts';
import { type ActContext, changed, ownServer } from './context.ts';
import { keepStill } from './still.ts';

type Of<K extends Step['kind']> = Extract<Step, { kind: K }>;

export async function actCompleteLaunch(step: Of<'complete-launch'>, context: ActContext): Promise<void> {
  const { ports, self, signal } = context;
  if (!(await votesNow(step.id, context))) throw changed('This node does not vote any more.');
  await ports.autoScaling.completeHook(step.group, step.hook, self.instance, 'CONTINUE', signal);
}

/** The mark comes after the signal. Two signals do no harm, but a mark without a signal lets an update time out. */
export async function actSignalSuccess(step: Of<'signal-success'>, context: ActContext): Promise<void> {
  const { ports, self, signal } = context;
  if (!(await votesNow(step.id, context))) throw changed('This node does not vote any more.');
  const heard = await ports.stackSignals.signal('SUCCESS', self.instance, signal);
  ports.log.write({ event: 'signalled', saw: `The stack ${heard === 'told' ? 'was told' : 'waits for no signal'}.` });
  await ports.disk.mark('signalled');
}

/** Asks the node's own server. Its config may be behind the committed one, but never ahead of it. */
async function votesNow(id: number, { ports, self, signal }: ActContext): Promise<boolean> {
  const session = await ports.servers.open(ownServer(self), { secret: false }, signal);
  try {
    return listed(await session.config(signal), id, self.address)?.role === 'participant';
  } finally {
    await session.close();
  }
}

/**
 * The FAILURE signal comes before the hook is abandoned. With the signal the stack fails at once, instead of after its
 * timeout, and its rollback takes this instance away.
 *
 * If the launch were abandoned first, the group would replace the instance by one more of its kind. When the rollback
 * then lowers the desired size again, it might take a voter instead of the new node.
 */
export async function actGiveUpLaunch(step: Of<'give-up-launch'>, context: ActContext): Promise<void> {
  const { ports, self, signal } = context;
  const group = await ports.autoScaling.describe(step.group, signal);
  const own = group.instances.find((entry) => entry.instance === self.instance);
  if (group.maintenance) throw changed('The group is in maintenance.');
  if (step.hook !== undefined && own?.lifecycleState !== LAUNCH_WAIT) {
    throw changed('This node does not launch any more.');
  }
  const newest = (await readRecords(ports.objects, signal)).at(-1)?.number ?? 0;
  if (newest !== step.record) throw changed(`Record ${newest} was written meanwhile.`);
  if (await isAdded(step.id, context)) throw changed('This node was added to the config meanwhile.');
  // Joining 10: when an answer is lost, or the call arrives late, this node must not have become a voter. So without
  // the mark nothing is sent.
  if (step.hook !== undefined) await ports.disk.mark('abandoned');
  const heard = step.signals ? await ports.stackSignals.signal('FAILURE', self.instance, signal) : 'nobody-waits';
  if (step.hook === undefined) return;
  if (heard === 'told' && !step.again && (await isTakenAway(step.group, context))) return;
  await ports.autoScaling.completeHook(step.group, step.hook, self.instance, 'ABANDON', signal);
}

export async function actUnmarkAbandoned(_step: Of<'unmark-abandoned'>, { ports }: ActContext): Promise<void> {
  await ports.disk.unmark('abandoned');
}

/** Waits for the stack to take this instance away. A group that can't be read says nothing, and is asked again. */
async function isTakenAway(group: string, { ports, self, timings, signal }: ActContext): Promise<boolean> {
  const endMs = ports.clock.monotonicMs() + timings.rollbackBeginsMs;
  while (ports.clock.monotonicMs() < endMs) {
    const seen = await ports.autoScaling.describe(group, signal).catch(() => undefined);
    signal.throwIfAborted();
    const own = seen?.instances.find((entry) => entry.instance === self.instance);
    if (seen !== undefined && own?.lifecycleState !== LAUNCH_WAIT) return true;
    await ports.clock.sleep(timings.pollMs, signal);
  }
  return false;
}

/**
 * An addition whose answer was lost may have committed since. If the node's own server serves, it knows. The config may
 * also list a dead member that had this node's address.
 */
async function isAdded(id: number | undefined, { ports, self, signal }: ActContext): Promise<boolean> {
  const session = await ports.servers.open(ownServer(self), { secret: false }, signal).catch(() => undefined);
  try {
    const config = await session?.config(signal);
    const own = config?.members.filter(({ address }) => address === self.address) ?? [];
    return own.some((member) => member.role === 'participant' && (id === undefined || member.id === id));
  } finally {
    await session?.close();
  }
}

export async function actCompleteLeaving(step: Of<'complete-leaving'>, context: ActContext): Promise<void> {
  const { ports, self, signal } = context;
  await keepStill({ ports, signal });
  await ports.autoScaling.completeHook(step.group, step.hook, self.instance, 'CONTINUE', signal);
}

/** An instance that is gone for good stays gone, so there is nothing to check again. */
export async function actCompleteHooksOfTheGone(
  step: Of<'complete-hooks-of-the-gone'>,
  { ports, signal }: ActContext,
): Promise<void> {
  for (const instance of step.instances) {
    await ports.autoScaling.completeHook(step.group, step.hook, instance, 'CONTINUE', signal);
  }
}
