// SPDX-License-Identifier: Apache-2.0
import { AgentError } from '../errors.ts';
import type { StackSignals } from '../ports.ts';
import type { StackSettings } from '../settings.ts';
import type { CallFailure } from './aws-errors.ts';
import { type ClientSettings, clientConfig, once, unlogged } from './clients.ts';
import type { Caller } from './retry.ts';

/** CloudFormation SignalResource, for the stack named in the node's settings. */
export function stackSignalsAdapter(
  stack: StackSettings | undefined,
  settings: ClientSettings,
  caller: Caller,
): StackSignals {
  const ready = once(async () => {
    const sdk = await import('./sdk.ts');
    return { sdk, client: unlogged(new sdk.CloudFormationClient(clientConfig(settings))) };
  });

  return {
    async signal(status, uniqueId, signal) {
      if (stack?.arn === undefined) {
        throw new AgentError('BAD_SETTINGS', 'STACK is not set, so there is no stack to signal.', 'Set STACK.');
      }
      const { sdk, client } = await ready();
      const { arn, signalResource } = stack;
      const input = { StackName: arn, LogicalResourceId: signalResource, UniqueId: uniqueId, Status: status };
      return caller.request<'told' | 'nobody-waits'>(
        { service: 'CloudFormation', action: 'SignalResource', about: `${signalResource} of ${arn}` },
        signal,
        async (abortSignal) => {
          await client.send(new sdk.SignalResourceCommand(input), { abortSignal });
          return 'told';
        },
        answerOf,
      );
    },
  };
}

/**
 * Two ValidationErrors count as answers. Outside of an operation a resource `is in CREATE_COMPLETE state and cannot be
 * signaled`. And a `Signal with ID i-… already exists` when the answer to this very signal was lost.
 */
function answerOf({ code, cause }: CallFailure): 'told' | 'nobody-waits' | undefined {
  if (code !== 'ValidationError' || !(cause instanceof Error)) return undefined;
  if (/cannot be signaled/i.test(cause.message)) return 'nobody-waits';
  return /signal with id .* already exists/i.test(cause.message) ? 'told' : undefined;
}
