// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../failure.ts';
import { type Struct, structAt, textAt } from '../value.ts';
import type { Ec2World } from './world.ts';

/** Calls moto's EC2. */
export type AskEc2 = (action: string, input: Struct) => Promise<Struct>;

/** The instance in its present state. Fails unless something can be attached to it. */
export function instanceForAttachment(world: Ec2World, id: string): Struct {
  const shown = world.seeOne(id, { caller: 'gateway', atMs: Date.now() })?.instance ?? {};
  const state = textAt(structAt(shown, 'State'), 'Name');
  if (state === 'running' || state === 'stopped') return shown;
  throw new AwsFailure('IncorrectState', `Instance '${id}' is not 'running'.`);
}

export function zoneOf(instance: Struct): string | undefined {
  return textAt(structAt(instance, 'Placement'), 'AvailabilityZone');
}
