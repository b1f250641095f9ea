// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../failure.ts';
import { type Struct, structAt, structsAt, textAt, textsAt } from '../value.ts';
import type { SeenInstance } from './world.ts';

/** The filters of DescribeInstances that the lab imitates. Any other filter is refused, never ignored. */
const VALUES: Readonly<Record<string, (seen: SeenInstance) => readonly (string | undefined)[]>> = {
  'instance-id': ({ id }) => [id],
  'instance-state-name': ({ instance }) => [textAt(structAt(instance, 'State'), 'Name')],
  'instance-state-code': ({ instance }) => [String(structAt(instance, 'State')?.Code)],
  'instance-type': ({ instance }) => [textAt(instance, 'InstanceType')],
  'image-id': ({ instance }) => [textAt(instance, 'ImageId')],
  'key-name': ({ instance }) => [textAt(instance, 'KeyName')],
  'private-ip-address': ({ instance }) => [textAt(instance, 'PrivateIpAddress')],
  'network-interface.addresses.private-ip-address': ({ instance }) =>
    structsAt(instance, 'NetworkInterfaces').map((card) => textAt(card, 'PrivateIpAddress')),
  'subnet-id': ({ instance }) => [textAt(instance, 'SubnetId')],
  'vpc-id': ({ instance }) => [textAt(instance, 'VpcId')],
  'availability-zone': ({ instance }) => [textAt(structAt(instance, 'Placement'), 'AvailabilityZone')],
  'iam-instance-profile.arn': ({ instance }) => [textAt(structAt(instance, 'IamInstanceProfile'), 'Arn')],
  'instance.group-id': ({ instance }) => structsAt(instance, 'SecurityGroups').map((group) => textAt(group, 'GroupId')),
  'reservation-id': ({ reservation }) => [textAt(reservation, 'ReservationId')],
  'owner-id': ({ reservation }) => [textAt(reservation, 'OwnerId')],
  'tag-key': ({ instance }) => structsAt(instance, 'Tags').map((tag) => textAt(tag, 'Key')),
};

const MAX_VALUES = 200;

/** The test of a list of EC2's `Filter`: every filter must match with one of its values. */
export function instanceFilter(filters: readonly Struct[]): (seen: SeenInstance) => boolean {
  const tests = filters.map((filter) => {
    const name = textAt(filter, 'Name') ?? '';
    const patterns = textsAt(filter, 'Values').map(wildcards);
    if (patterns.length === 0) throw new AwsFailure('InvalidParameterValue', `The filter '${name}' has no value`);
    const valuesOf = reader(name);
    return (seen: SeenInstance): boolean =>
      valuesOf(seen).some((value) => value !== undefined && patterns.some((pattern) => pattern.test(value)));
  });
  const count = filters.reduce((sum, filter) => sum + textsAt(filter, 'Values').length, 0);
  if (count > MAX_VALUES) {
    throw new AwsFailure(
      'FilterLimitExceeded',
      `The maximum number of filter values specified on a single call is ${MAX_VALUES}`,
    );
  }
  return (seen) => tests.every((test) => test(seen));
}

function reader(name: string): (seen: SeenInstance) => readonly (string | undefined)[] {
  if (name.startsWith('tag:')) {
    const key = name.slice('tag:'.length);
    return ({ instance }) =>
      structsAt(instance, 'Tags')
        .filter((tag) => textAt(tag, 'Key') === key)
        .map((tag) => textAt(tag, 'Value'));
  }
  const values = VALUES[name];
  if (values === undefined) {
    throw new AwsFailure('NotImplemented', `The lab does not imitate the filter '${name}'`, 501);
  }
  return values;
}

/** EC2's filters support `*` and `?`, each of them also after a backslash. Upper and lower case differ. */
export function wildcards(pattern: string): RegExp {
  const source = pattern.replace(/\\?[\s\S]/g, (sign) => {
    if (sign === '*') return '.*';
    if (sign === '?') return '.';
    return sign.slice(-1).replace(/[.*+?^${}()|[\]\\]/, '\\$&');
  });
  return new RegExp(`^${source}$`, 's');
}
