// SPDX-License-Identifier: Apache-2.0
/** Steps that tell the Auto Scaling group and the stack how this node is doing. Each may be repeated at any time. */

import { AgentError } from '../errors.ts';
import { LAUNCH_WAIT } from '../facts/lifecycle.ts';
import { listed } from '../model/member.ts';
import type { Step } from '../model/step.ts';
import { readRecords } from '../registry/lineage.ts';
import { type ActContext, changed } from './context.ts';
import { keepStill } from './still.ts';

type Of<K extends Step['kind']> = Extract<Step, { kind: K }>;

export async function actCompleteLaunch(step: Of<'complete-launch'>, context: ActContext): Promise<void> {
  const { ports, self, signal } = context;
  if (!(await votesNow(step.id, context))) throw changed('This node does not vote any more.');
  await ports.autoScaling.completeHook(step.group, step.hook, self.instance, 'CONTINUE', signal);
}

/** The mark comes after the signal: told twice is told once, but a mark without a signal would let an update time out. */
export async function actSignalSuccess(step: Of<'signal-success'>, context: ActContext): Promise<void> {
  const { ports, self, signal } = context;
  if (!(await votesNow(step.id, context))) throw changed('This node does not vote any more.');
  const heard = await ports.stackSignals.signal('SUCCESS', self.instance, signal);
  ports.log.write({ event: 'signalled', saw: `The stack ${heard === 'told' ? 'was told' : 'waits for no signal'}.` });
  await ports.disk.mark('signalled');
}

/** Through the node's own server, whose config may be behind, but never ahead of what is committed. */
async function votesNow(id: number, { ports, self, signal }: ActContext): Promise<boolean> {
  const session = await ports.servers.open(self.address, { secret: false }, signal);
  try {
    return listed(await session.config(signal), id, self.address)?.role === 'participant';
  } finally {
    await session.close();
  }
}

/**
 * The stack is told first: it fails at once then, instead of after its timeout, and its rollback takes this instance away.
 * Abandoned before that, the instance would be replaced by one more of its kind, and the rollback, when it lowers the
 * desired size again, might cost a voter for the newcomer's sake.
 */
export async function actGiveUpLaunch(step: Of<'give-up-launch'>, context: ActContext): Promise<void> {
  const { ports, self, signal } = context;
  const group = await ports.autoScaling.describe(step.group, signal);
  const own = group.instances.find((entry) => entry.instance === self.instance);
  if (group.maintenance) throw changed('The group is in maintenance.');
  if (step.hook !== undefined && own?.lifecycleState !== LAUNCH_WAIT)
    throw changed('This node does not launch any more.');
  const newest = (await readRecords(ports.objects, signal)).at(-1)?.number ?? 0;
  if (newest !== step.record) throw changed(`Record ${newest} was written meanwhile.`);
  if (await isAdded(step.id, context)) throw changed('This node was added to the config meanwhile.');
  if (step.hook !== undefined) await markAbandoned(context);
  const heard = step.signals ? await ports.stackSignals.signal('FAILURE', self.instance, signal) : 'nobody-waits';
  if (step.hook === undefined) return;
  if (heard === 'told' && !step.again && (await isTakenAway(step.group, context))) return;
  await ports.autoScaling.completeHook(step.group, step.hook, self.instance, 'ABANDON', signal);
}

/**
 * Joining 10: an answer that is lost, or a call that arrives late, must find no voter. A disk that takes nothing takes no
 * data either.
 */
async function markAbandoned({ ports }: ActContext): Promise<void> {
  try {
    await ports.disk.mark('abandoned');
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    ports.log.write({ event: 'mark-failed', code: error.code, saw: error.message });
  }
}

export async function actUnmarkAbandoned(_step: Of<'unmark-abandoned'>, { ports }: ActContext): Promise<void> {
  await ports.disk.unmark('abandoned');
}

/** Waits for the stack to do it; a group that can't be read says nothing, and is asked again. */
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
 * An addition whose answer was lost may have committed since: the node's own server, if it serves, knows. A dead member
 * that had this node's address may be listed beside it.
 */
async function isAdded(id: number | undefined, { ports, self, signal }: ActContext): Promise<boolean> {
  const session = await ports.servers.open(self.address, { secret: false }, signal).catch(() => undefined);
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

/** Gone for good is for ever, so there is nothing to look at again. */
export async function actCompleteHooksOfTheGone(
  step: Of<'complete-hooks-of-the-gone'>,
  { ports, signal }: ActContext,
): Promise<void> {
  for (const instance of step.instances) {
    await ports.autoScaling.completeHook(step.group, step.hook, instance, 'CONTINUE', signal);
  }
}
