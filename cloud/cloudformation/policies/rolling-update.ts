// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { AwsFailure } from '../../failure.ts';
import type { Struct } from '../../value.ts';
import {
  activeMembers,
  type SeenGroup,
  type SeenMember,
  type Sizes,
  seeGroup,
  sizeInput,
} from '../resources/group-input.ts';
import type { ResourceContext } from '../resources/handler.ts';
import { tooManyFailures } from './creation-policy.ts';
import { firstCapacity, nextBatch } from './rolling-plan.ts';
import type { RollingPolicy } from './rolling-policy.ts';
import { waitForSignals } from './signals.ts';
import { nextVictims } from './victims.ts';

interface RollingUpdate {
  readonly context: ResourceContext;
  readonly policy: RollingPolicy;
  readonly name: string;
  /** The group before any change. */
  readonly group: SeenGroup;
  /** The sizes of the group at the end. */
  readonly sizes: Sizes;
  /** Further input of UpdateAutoScalingGroup: launch template, subnets and so on. */
  readonly changes: Struct;
  readonly isObsolete: (member: SeenMember) => boolean;
}

/**
 * AutoScalingRollingUpdate as CloudFormation does it, with the same haste. It waits for the signals of new instances,
 * but never for the end of an old one's terminate hook. Suspended processes are always resumed. The sizes are restored
 * only at the end, so the rollback of a failed update must know them.
 */
export async function rollingUpdate(update: RollingUpdate): Promise<void> {
  const { context, policy, name, group } = update;
  const suspended = policy.suspend.filter((process) => !group.suspended.includes(process));
  const processes = { AutoScalingGroupName: name, ScalingProcesses: suspended };
  if (suspended.length > 0) await context.call('autoscaling', 'SuspendProcesses', processes);
  try {
    await roll(update);
  } finally {
    if (suspended.length > 0) await context.call('autoscaling', 'ResumeProcesses', processes);
  }
  await context.call('autoscaling', 'UpdateAutoScalingGroup', {
    AutoScalingGroupName: name,
    ...sizeInput(update.sizes),
  });
}

async function roll(update: RollingUpdate): Promise<void> {
  const { context, policy, name, group, sizes, changes } = update;
  let obsolete = activeMembers(group).filter(update.isObsolete);
  const total = obsolete.length;
  let fresh = activeMembers(group).length - total;
  const desired = sizes.desired;
  let capacity = firstCapacity({ obsolete: total, fresh, desired }, policy, sizes.maximum);
  const batches = new Batches(update, total);
  context.tell(announcement(total, policy));
  context.tell(`Temporarily setting autoscaling group MinSize and DesiredCapacity to ${capacity}.`);
  await resize(update, { minimum: capacity, maximum: Math.max(sizes.maximum, capacity), desired: capacity }, changes);
  const added = capacity - total - fresh;
  await batches.wait(added);
  fresh += added;
  while (obsolete.length > 0) {
    const { ended, replaced } = nextBatch({ obsolete: obsolete.length, fresh, desired, capacity }, policy);
    const present = (await seeGroup(context, name)) ?? group;
    const victims = nextVictims(obsolete, activeMembers(present), ended);
    obsolete = obsolete.filter(({ instance }) => !victims.includes(instance));
    context.tell(`Terminating instance(s) [${victims.join(',')}]; replacing with ${replaced} new instance(s).`);
    capacity -= ended - replaced;
    if (replaced < ended) await lowerMinimum(update, capacity);
    for (const [at, instance] of victims.entries()) await terminate(context, instance, at >= replaced);
    const progress = Math.round(((total - obsolete.length) / total) * 100);
    context.tell(`Successfully terminated instance(s) [${victims.join(',')}] (Progress ${progress}%).`);
    await batches.wait(replaced);
    fresh += replaced;
  }
}

function announcement(total: number, policy: RollingPolicy): string {
  const waits = policy.waitOnSignals
    ? ` Waiting on resource signals with a timeout of ${policy.pauseTime} when new instances are added to the autoscaling group.`
    : policy.pauseMs > 0
      ? ` Pausing for ${policy.pauseTime} when new instances are added to the autoscaling group.`
      : '';
  return `Rolling update initiated. Terminating ${total} obsolete instance(s) in batches of ${policy.maxBatchSize}, while keeping at least ${policy.minInService} instance(s) in service.${waits}`;
}

async function resize({ context, name }: RollingUpdate, sizes: Sizes, changes: Struct): Promise<void> {
  const input = { AutoScalingGroupName: name, ...changes, ...sizeInput(sizes) };
  await context.call('autoscaling', 'UpdateAutoScalingGroup', input);
}

async function lowerMinimum({ context, name }: RollingUpdate, minimum: number): Promise<void> {
  await context.call('autoscaling', 'UpdateAutoScalingGroup', { AutoScalingGroupName: name, MinSize: minimum });
}

/** An instance that is already gone is not an error. */
async function terminate(context: ResourceContext, instance: string, decrement: boolean): Promise<void> {
  try {
    await context.call('autoscaling', 'TerminateInstanceInAutoScalingGroup', {
      InstanceId: instance,
      ShouldDecrementDesiredCapacity: decrement,
    });
  } catch (error) {
    if (!(error instanceof AwsFailure) || !/no managed instance found|not found/i.test(error.message)) throw error;
  }
}

/** Waits for the instances of each batch, and counts the failures of all batches. */
class Batches {
  readonly #update: RollingUpdate;
  readonly #total: number;
  #failures = 0;

  constructor(update: RollingUpdate, total: number) {
    this.#update = update;
    this.#total = total;
  }

  async wait(added: number): Promise<void> {
    const { context, policy } = this.#update;
    if (added <= 0) return;
    if (!policy.waitOnSignals) {
      await sleep(policy.pauseMs, undefined, { signal: context.signal });
      return;
    }
    context.tell(
      `New instance(s) added to autoscaling group - Waiting on ${added} resource signal(s) with a timeout of ${policy.pauseTime}.`,
    );
    const missing = await waitForSignals(context, added, policy.pauseMs, ({ status }) => {
      if (status === 'FAILURE') this.#fail(1);
    });
    if (missing > 0) {
      context.tell(
        `Failed to receive ${missing} resource signal(s) for the current batch. Each resource signal timeout is counted as a FAILURE.`,
      );
      this.#fail(missing);
    }
  }

  #fail(count: number): void {
    const percent = this.#update.policy.minSuccessfulPercent;
    this.#failures += count;
    const successes = this.#total - this.#failures;
    if (successes < Math.ceil((this.#total * percent) / 100)) {
      throw tooManyFailures(this.#failures, this.#total, percent);
    }
  }
}
