// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../../failure.ts';
import { type Struct, structAt } from '../../value.ts';
import type { ResourceContext } from '../resources/handler.ts';
import { durationMs } from './duration.ts';
import { PolicyFailure } from './policy-failure.ts';
import { waitForSignals } from './signals.ts';

interface CreationPolicy {
  readonly count: number;
  readonly timeoutMs: number;
  readonly minSuccessfulPercent: number;
}

const MOST_HOURS = 12;

/** Undefined when there is nothing to wait for. */
export function readCreationPolicy(policy: Struct): CreationPolicy | undefined {
  const signal = structAt(policy, 'ResourceSignal');
  if (signal === undefined) return undefined;
  const percent = structAt(policy, 'AutoScalingCreationPolicy')?.MinSuccessfulInstancesPercent ?? 100;
  const count = Number(signal.Count ?? 1);
  if (!Number.isInteger(count) || count < 0) {
    throw new AwsFailure('ValidationError', `Invalid CreationPolicy: Count is a whole number, not ${signal.Count}`);
  }
  const timeoutMs = durationMs(String(signal.Timeout ?? 'PT5M'), MOST_HOURS, 'CreationPolicy Timeout');
  return { count, timeoutMs, minSuccessfulPercent: Number(percent) };
}

/** Waits for the signals of a new resource. A failure signal ends the wait at once if too many have failed. */
export async function waitForCreation(context: ResourceContext, policy: CreationPolicy): Promise<void> {
  const { count, timeoutMs, minSuccessfulPercent } = policy;
  const wanted = Math.ceil((count * minSuccessfulPercent) / 100);
  let failures = 0;
  const missing = await waitForSignals(context, count, timeoutMs, ({ status }) => {
    if (status === 'FAILURE') failures += 1;
    if (count - failures < wanted) throw tooManyFailures(failures, count, minSuccessfulPercent);
  });
  if (count - failures - missing < wanted) {
    throw new PolicyFailure(`Failed to receive ${missing} resource signal(s) within the specified duration`);
  }
}

export function tooManyFailures(failures: number, count: number, percent: number): PolicyFailure {
  return new PolicyFailure(
    `Received ${failures} FAILURE signal(s) out of ${count}. Unable to satisfy ${percent}% MinSuccessfulInstancesPercent requirement`,
  );
}
