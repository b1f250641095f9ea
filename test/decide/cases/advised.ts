// SPDX-License-Identifier: Apache-2.0
/** The pieces of advice that come up in many cases. */
import type { Advice, Precondition } from '../../../src/model/advice.ts';
import { instanceOf } from '../parts.ts';

export function start(id: number): Advice {
  const instance = instanceOf(id);
  return { action: 'start-instance', instance, when: [{ is: 'not-running', instance }] };
}

export function lookAtLog(id: number): Advice {
  return { action: 'look-at-log', instance: instanceOf(id), when: [] };
}

export function mendData(id: number): Advice {
  return { action: 'mend-data', instance: instanceOf(id), when: [] };
}

/** Only once it cannot run any more, and while nobody leads; `also` must hold, too. */
export function terminate(id: number, also: readonly Precondition[] = [], change: Partial<Advice> = {}): Advice {
  const instance = instanceOf(id);
  return {
    action: 'terminate-instance',
    instance,
    when: [{ is: 'cannot-run', instance }, ...also, { is: 'no-leader' }, { is: 'still-advised' }],
    loses: { kind: 'its-disk' },
    ...change,
  };
}

/** Fewer than `needs` of these nodes can run. */
export function tooFewCanRun(needs: number, ids: readonly number[]): Precondition {
  return { is: 'too-few-can-run', quorums: [{ needs, of: ids.map(instanceOf) }] };
}

export const NOTHING_ELSE_HELPS: Precondition = { is: 'nothing-else-helps' };
