// SPDX-License-Identifier: Apache-2.0
import { type Struct, structAt, textAt, textsAt } from '../../value.ts';
import { physicalName } from '../stack/physical-names.ts';
import { unlessGone } from './gone.ts';
import type { ResourceHandler } from './handler.ts';

const GONE = 'NoSuchEntity';

export const instanceProfile: ResourceHandler = {
  type: 'AWS::IAM::InstanceProfile',
  supported: ['InstanceProfileName', 'Path', 'Roles'],
  attributes: ['Arn'],

  async create(context, properties) {
    const { stack, logicalId } = context;
    const InstanceProfileName = textAt(properties, 'InstanceProfileName') ?? physicalName(stack.name, logicalId, 128);
    const { Path } = properties;
    const answer = await context.call('iam', 'CreateInstanceProfile', {
      InstanceProfileName,
      ...(Path === undefined ? {} : { Path }),
    });
    context.made(InstanceProfileName);
    for (const RoleName of textsAt(properties, 'Roles')) {
      await context.call('iam', 'AddRoleToInstanceProfile', { InstanceProfileName, RoleName });
    }
    return attributes(answer);
  },

  /** A profile has only one role, so the old one is removed first. */
  async update(context, { physicalId: InstanceProfileName, properties: before }, properties) {
    const [present, wanted] = [textsAt(before, 'Roles'), textsAt(properties, 'Roles')];
    for (const RoleName of present.filter((name) => !wanted.includes(name))) {
      const input = { InstanceProfileName, RoleName };
      await unlessGone(context.call('iam', 'RemoveRoleFromInstanceProfile', input), GONE);
    }
    for (const RoleName of wanted.filter((name) => !present.includes(name))) {
      await context.call('iam', 'AddRoleToInstanceProfile', { InstanceProfileName, RoleName });
    }
    return attributes(await context.call('iam', 'GetInstanceProfile', { InstanceProfileName }));
  },

  async remove(context, { physicalId: InstanceProfileName, properties }) {
    for (const RoleName of textsAt(properties, 'Roles')) {
      const input = { InstanceProfileName, RoleName };
      await unlessGone(context.call('iam', 'RemoveRoleFromInstanceProfile', input), GONE);
    }
    await unlessGone(context.call('iam', 'DeleteInstanceProfile', { InstanceProfileName }), GONE);
  },
};

function attributes(answer: Struct): Struct {
  return { Arn: textAt(structAt(answer, 'InstanceProfile'), 'Arn') ?? '' };
}
