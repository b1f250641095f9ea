// SPDX-License-Identifier: Apache-2.0
import type { StackTies } from '../model/observation.ts';
import type { Settings } from '../settings.ts';

/** What the stack waits for, according to the settings, as a part of an order. Empty for a node without a stack. */
export function stackTies({ stack }: Pick<Settings, 'stack'>): { readonly stack?: StackTies } {
  if (stack === undefined) return {};
  const { arn, launchHook, terminateHook } = stack;
  return {
    stack: {
      signals: arn !== undefined,
      ...(launchHook === undefined ? {} : { launchHook }),
      ...(terminateHook === undefined ? {} : { terminateHook }),
    },
  };
}
