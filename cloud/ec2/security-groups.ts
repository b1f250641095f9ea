// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../failure.ts';
import { type Struct, structsAt, textAt } from '../value.ts';
import type { Ec2World } from './world.ts';

type Ask = (action: string, input: Struct) => Promise<Struct>;

/** Refuses to delete a security group while an instance or a rule of another group uses it. Moto would delete it. */
export async function refuseUsedGroup(world: Ec2World, ask: Ask, input: Struct): Promise<void> {
  const group = textAt(input, 'GroupId');
  if (group === undefined) return;
  const instances = world.see({ caller: 'gateway', atMs: Date.now() });
  const used = instances.some(({ instance }) =>
    structsAt(instance, 'SecurityGroups').some((one) => textAt(one, 'GroupId') === group),
  );
  if (!used && !(await isNamedByAnother(ask, group))) return;
  throw new AwsFailure('DependencyViolation', `resource ${group} has a dependent object`);
}

async function isNamedByAnother(ask: Ask, group: string): Promise<boolean> {
  const others = structsAt(await ask('DescribeSecurityGroups', {}), 'SecurityGroups').filter(
    (one) => textAt(one, 'GroupId') !== group,
  );
  return others
    .flatMap((one) => [...structsAt(one, 'IpPermissions'), ...structsAt(one, 'IpPermissionsEgress')])
    .flatMap((permission) => structsAt(permission, 'UserIdGroupPairs'))
    .some((pair) => textAt(pair, 'GroupId') === group);
}
