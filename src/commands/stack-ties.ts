// SPDX-License-Identifier: Apache-2.0
import type { NameZone } from '../model/names.ts';
import type { StackTies } from '../model/observation.ts';
import type { Settings } from '../settings.ts';

/** The names that the node keeps, according to the settings, as a part of an order. */
export function nameZone({ names }: Pick<Settings, 'names'>): { readonly zone?: NameZone } {
  return names === undefined ? {} : { zone: { domain: names.domain, places: names.places } };
}

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
