// SPDX-License-Identifier: Apache-2.0
/**
 * One instance's wait for one hook. Times, default results and the combination of several hooks follow the Auto Scaling
 * User Guide, "How lifecycle hooks work" and "Considerations and limitations for lifecycle hooks".
 */
import { randomUUID } from 'node:crypto';
import { globalTimeoutSeconds, type LifecycleHook, type LifecycleResult, type Transition } from './lifecycle-hook.ts';

export interface LifecycleAction {
  readonly token: string;
  /** The hook at the start of the wait. A later change of the hook applies only to later instances. */
  readonly hook: LifecycleHook;
  readonly startedAtMs: number;
  /** The time of the last heartbeat, or of the start. */
  beatAtMs: number;
  result?: LifecycleResult;
  /** Why the action was abandoned, in Auto Scaling's words. */
  reason?: string;
}

const SECOND_MS = 1_000;

/** One wait for each hook of this transition; they run at the same time. */
export function startActions(
  hooks: readonly LifecycleHook[],
  transition: Transition,
  nowMs: number,
): LifecycleAction[] {
  return hooks
    .filter((hook) => hook.transition === transition)
    .map((hook) => ({ token: randomUUID(), hook, startedAtMs: nowMs, beatAtMs: nowMs }));
}

export function complete(action: LifecycleAction, result: LifecycleResult): void {
  action.result = result;
  if (result === 'ABANDON') action.reason = 'Lifecycle Action Completed with ABANDON Result';
}

/** When the action times out without a further heartbeat. */
export function deadlineMs({ hook, startedAtMs, beatAtMs }: LifecycleAction): number {
  return Math.min(beatAtMs + hook.heartbeatSeconds * SECOND_MS, startedAtMs + globalTimeoutSeconds(hook) * SECOND_MS);
}

/** Gives every action that has timed out its default result. */
export function expire(actions: readonly LifecycleAction[], nowMs: number): void {
  for (const action of actions) {
    if (action.result !== undefined || deadlineMs(action) > nowMs) continue;
    action.result = action.hook.defaultResult;
    if (action.result === 'ABANDON') action.reason = 'Heartbeat Timeout';
  }
}

/** One abandoned action ends all the others. Otherwise all must continue. Undefined while they wait. */
export function resultOfAll(actions: readonly LifecycleAction[]): LifecycleResult | undefined {
  if (actions.some(({ result }) => result === 'ABANDON')) return 'ABANDON';
  return actions.every(({ result }) => result === 'CONTINUE') ? 'CONTINUE' : undefined;
}
