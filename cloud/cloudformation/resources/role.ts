// SPDX-License-Identifier: Apache-2.0
import { type Struct, structAt, structsAt, textAt, textsAt, type Value } from '../../value.ts';
import { physicalName } from '../stack/physical-names.ts';
import { unlessGone } from './gone.ts';
import type { ExistingResource, ResourceContext, ResourceHandler } from './handler.ts';
import { keyed, surplusKeys, tagsOf } from './tags.ts';

const GONE = 'NoSuchEntity';

export const role: ResourceHandler = {
  type: 'AWS::IAM::Role',
  supported: [
    'AssumeRolePolicyDocument.*',
    'Description',
    'ManagedPolicyArns',
    'MaxSessionDuration',
    'Path',
    'PermissionsBoundary',
    'Policies.PolicyName',
    'Policies.PolicyDocument.*',
    'RoleName',
    'Tags.*',
  ],
  attributes: ['Arn', 'RoleId'],
  takesTags: 'without-system-tags',

  async create(context, properties) {
    const { stack, logicalId } = context;
    const RoleName = textAt(properties, 'RoleName') ?? physicalName(stack.name, logicalId, 64);
    const { Path, Description, MaxSessionDuration, PermissionsBoundary } = properties;
    const tags = keyed(tagsOf(context, properties));
    const answer = await context.call('iam', 'CreateRole', {
      RoleName,
      AssumeRolePolicyDocument: documentText(properties.AssumeRolePolicyDocument),
      ...(Path === undefined ? {} : { Path }),
      ...(Description === undefined ? {} : { Description }),
      ...(MaxSessionDuration === undefined ? {} : { MaxSessionDuration }),
      ...(PermissionsBoundary === undefined ? {} : { PermissionsBoundary }),
      ...(tags.length === 0 ? {} : { Tags: tags }),
    });
    context.made(RoleName);
    await setPolicies(context, RoleName, {}, properties);
    return attributes(answer);
  },

  async update(context, existing, properties) {
    const { physicalId: RoleName, properties: before } = existing;
    const PolicyDocument = documentText(properties.AssumeRolePolicyDocument);
    await context.call('iam', 'UpdateAssumeRolePolicy', { RoleName, PolicyDocument });
    await context.call('iam', 'UpdateRole', {
      RoleName,
      Description: properties.Description ?? '',
      MaxSessionDuration: properties.MaxSessionDuration ?? 3_600,
    });
    await setBoundary(context, RoleName, before.PermissionsBoundary, properties.PermissionsBoundary);
    await setPolicies(context, RoleName, before, properties);
    await setTags(context, existing, properties);
    return attributes(await context.call('iam', 'GetRole', { RoleName }));
  },

  async remove(context, { physicalId: RoleName, properties }) {
    for (const PolicyName of policyNames(properties)) {
      await unlessGone(context.call('iam', 'DeleteRolePolicy', { RoleName, PolicyName }), GONE);
    }
    for (const PolicyArn of textsAt(properties, 'ManagedPolicyArns')) {
      await unlessGone(context.call('iam', 'DetachRolePolicy', { RoleName, PolicyArn }), GONE);
    }
    await unlessGone(context.call('iam', 'DeleteRole', { RoleName }), GONE);
  },
};

/** Sets new and changed policies first, so that nothing is denied in between. */
async function setPolicies(context: ResourceContext, RoleName: string, before: Struct, after: Struct): Promise<void> {
  for (const policy of structsAt(after, 'Policies')) {
    const PolicyDocument = documentText(policy.PolicyDocument);
    await context.call('iam', 'PutRolePolicy', { RoleName, PolicyName: policy.PolicyName ?? '', PolicyDocument });
  }
  const [attached, wanted] = [textsAt(before, 'ManagedPolicyArns'), textsAt(after, 'ManagedPolicyArns')];
  for (const PolicyArn of wanted.filter((arn) => !attached.includes(arn))) {
    await context.call('iam', 'AttachRolePolicy', { RoleName, PolicyArn });
  }
  for (const PolicyArn of attached.filter((arn) => !wanted.includes(arn))) {
    await unlessGone(context.call('iam', 'DetachRolePolicy', { RoleName, PolicyArn }), GONE);
  }
  const kept = policyNames(after);
  for (const PolicyName of policyNames(before).filter((name) => !kept.includes(name))) {
    await unlessGone(context.call('iam', 'DeleteRolePolicy', { RoleName, PolicyName }), GONE);
  }
}

async function setBoundary(
  context: ResourceContext,
  RoleName: string,
  before: Value | undefined,
  after: Value | undefined,
) {
  if (before === after) return;
  if (after === undefined) await context.call('iam', 'DeleteRolePermissionsBoundary', { RoleName });
  else await context.call('iam', 'PutRolePermissionsBoundary', { RoleName, PermissionsBoundary: after });
}

async function setTags(context: ResourceContext, existing: ExistingResource, properties: Struct): Promise<void> {
  const RoleName = existing.physicalId;
  const wanted = tagsOf(context, properties);
  const TagKeys = surplusKeys(
    existing,
    wanted.map(({ key }) => key),
  );
  if (TagKeys.length > 0) await context.call('iam', 'UntagRole', { RoleName, TagKeys });
  if (wanted.length > 0) await context.call('iam', 'TagRole', { RoleName, Tags: keyed(wanted) });
}

function policyNames(properties: Struct): readonly string[] {
  return structsAt(properties, 'Policies').map((policy) => textAt(policy, 'PolicyName') ?? '');
}

export function documentText(document: Value | undefined): string {
  return typeof document === 'string' ? document : JSON.stringify(document ?? {});
}

function attributes(answer: Struct): Struct {
  const made = structAt(answer, 'Role');
  return { Arn: textAt(made, 'Arn') ?? '', RoleId: textAt(made, 'RoleId') ?? '' };
}
