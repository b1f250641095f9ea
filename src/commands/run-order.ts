// SPDX-License-Identifier: Apache-2.0
/** Runs the loop for one order under the node's lock. Turns its outcome into log lines and an exit code. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError } from '../errors.ts';
import { acquireLock, type RunLock } from '../lock.ts';
import { type AgentOrder, advised, type LoopOutcome, runAgent } from '../loop.ts';
import { adviceText } from '../model/advice.ts';
import { adviceOf } from '../model/step.ts';
import type { Log } from '../ports.ts';
import type { Settings } from '../settings.ts';
import { jsonLog } from './json-log.ts';
import { interruptHolder, recordHolder } from './lock-holder.ts';
import { nodePorts } from './node-ports.ts';

/** 0: nothing is left to do. 1: the order could not be finished, and the last line says why. */
export type ExitCode = 0 | 1;

interface OrderRun {
  readonly settings: Settings;
  readonly order: AgentOrder;
  /** How long to wait for another run to end. With 0, finding another run is not a failure. */
  readonly lockWaitMs: number;
  /**
   * A person gave this order. A run that holds the lock is told to stop, since it may be waiting for this very order.
   */
  readonly takesOver: boolean;
  /** The lock, if the healthy tick already holds it. */
  readonly lock: RunLock | undefined;
  readonly signal: AbortSignal;
}

const LOCK_POLL_MS = 200;

export async function runOrder(run: OrderRun): Promise<ExitCode> {
  const log = jsonLog({ command: run.order.command });
  const lock = run.lock ?? (await waitForLock(run));
  if (!lock) {
    log.write({ event: 'busy', saw: 'Another run of the agent is under way on this node.' });
    return run.lockWaitMs === 0 ? 0 : 1;
  }
  try {
    await recordHolder(run.settings.lockFile);
    const ports = await nodePorts(run.settings, log);
    const outcome = await runAgent(ports, run.order, run.signal);
    return conclude(outcome, run.order, log.write);
  } finally {
    lock.release();
  }
}

async function waitForLock({ settings, lockWaitMs, takesOver, signal }: OrderRun): Promise<RunLock | undefined> {
  const endMs = performance.now() + lockWaitMs;
  for (let attempt = 0; ; attempt++) {
    const lock = await acquireLock(settings.lockFile);
    if (lock || performance.now() >= endMs) return lock;
    if (takesOver && attempt === 0) await interruptHolder(settings.lockFile);
    await sleep(LOCK_POLL_MS, undefined, { signal });
  }
}

function conclude(outcome: LoopOutcome, order: AgentOrder, write: Log['write']): ExitCode {
  switch (outcome.kind) {
    case 'done':
      write({ event: 'done', why: outcome.why, ...advised(outcome.advice ?? []) });
      return 0;
    case 'dry-run': {
      const { decision, observation } = outcome;
      write({
        event: 'dry-run',
        saw: observation,
        decided: decision,
        why: decision.why,
        ...advised(adviceOf(decision)),
      });
      return 0;
    }
    case 'refused':
      throw new AgentError(outcome.code, outcome.why, outcome.next);
    case 'out-of-time':
      throw new AgentError(
        outcome.cause?.code ?? 'NOT_READY_IN_TIME',
        `After ${Math.round(order.limitMs / 1_000)} s of ${order.command} this node still waits. ${outcome.why}`,
        nextOf(outcome),
      );
  }
}

function nextOf({ cause, advice }: Extract<LoopOutcome, { kind: 'out-of-time' }>): string {
  if (cause) return cause.next;
  return adviceText(advice) || 'Nothing: the next tick goes on from here by itself.';
}
