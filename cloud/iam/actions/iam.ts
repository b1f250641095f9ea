// SPDX-License-Identifier: Apache-2.0
/** Service Authorization Reference, "Actions, resources, and condition keys for AWS Identity and Access Management". */
import { type Struct, structsAt, textAt, textsAt } from '../../value.ts';
import { contextOf, merged, tagContext } from '../context.ts';
import { type ResourceFacts, type Tags, tagsOf } from '../facts.ts';
import {
  type ActionRule,
  type ActionTable,
  type Element,
  requestTags,
  TAGS_OF_REQUEST,
  TAGS_OF_RESOURCE,
} from './element.ts';
import { passRole } from './run-instances.ts';

const ROLE_KEYS = [
  ...TAGS_OF_RESOURCE,
  'iam:ResourceTag/',
  ...TAGS_OF_REQUEST,
  'iam:PolicyARN',
  'iam:PermissionsBoundary',
];

/** The tags that the call sets, or the keys of those that it removes. */
function tagsIn(input: Struct): Tags {
  return new Map([...textsAt(input, 'TagKeys').map((key) => [key, ''] as const), ...tagsOf(structsAt(input, 'Tags'))]);
}

async function roleElement(facts: ResourceFacts, action: string, input: Struct, resource: string): Promise<Element> {
  const tags = await facts.roleTags(textAt(input, 'RoleName') ?? '');
  const context = merged(
    requestTags(tagsIn(input)),
    tagContext('aws:ResourceTag', tags),
    tagContext('iam:ResourceTag', tags),
    contextOf({
      'iam:PolicyARN': textAt(input, 'PolicyArn'),
      'iam:PermissionsBoundary': textAt(input, 'PermissionsBoundary'),
    }),
  );
  return { action: `iam:${action}`, resource, context };
}

function onRole(action: string): ActionRule {
  return {
    action,
    keys: ROLE_KEYS,
    elements: async (input, facts) => [
      await roleElement(facts, action, input, await facts.roleArn(textAt(input, 'RoleName') ?? '')),
    ],
  };
}

/** A path in the call becomes part of the ARN of the new role: `/ops/` → `role/ops/name`. */
function makingRole(action: string): ActionRule {
  return {
    action,
    keys: ROLE_KEYS,
    elements: async (input, facts) => {
      const path = (textAt(input, 'Path') ?? '/').replace(/^\//, '');
      const tagging = tagsIn(input).size > 0 ? ['TagRole'] : [];
      const resource = facts.iamArn(`role/${path}${textAt(input, 'RoleName') ?? ''}`);
      return Promise.all([action, ...tagging].map((name) => roleElement(facts, name, input, resource)));
    },
  };
}

function onProfile(
  action: string,
  further: (input: Struct, facts: ResourceFacts) => Promise<readonly Element[]> = async () => [],
): ActionRule {
  return {
    action,
    keys: TAGS_OF_REQUEST,
    elements: async (input, facts) => {
      const resource = await facts.profileArn(textAt(input, 'InstanceProfileName') ?? '');
      return [
        { action: `iam:${action}`, resource, context: requestTags(tagsIn(input)) },
        ...(await further(input, facts)),
      ];
    },
  };
}

function onPolicy(action: string): ActionRule {
  return {
    action,
    keys: TAGS_OF_REQUEST,
    elements: (input, facts) => {
      const resource = textAt(input, 'PolicyArn') ?? facts.iamArn(`policy/${textAt(input, 'PolicyName') ?? ''}`);
      return [{ action: `iam:${action}`, resource, context: requestTags(tagsIn(input)) }];
    },
  };
}

const rules = (rule: (action: string) => ActionRule, names: readonly string[]): ActionTable =>
  Object.fromEntries(names.map((name) => [name, rule(name)]));

export const IAM_ACTIONS: ActionTable = {
  CreateRole: makingRole('CreateRole'),
  ...rules(onRole, [
    ...[
      'GetRole',
      'DeleteRole',
      'UpdateRole',
      'UpdateRoleDescription',
      'UpdateAssumeRolePolicy',
      'TagRole',
      'UntagRole',
    ],
    ...['PutRolePolicy', 'GetRolePolicy', 'DeleteRolePolicy', 'ListRolePolicies', 'ListRoleTags'],
    ...['AttachRolePolicy', 'DetachRolePolicy', 'ListAttachedRolePolicies'],
  ]),
  ...rules(onProfile, [
    ...['CreateInstanceProfile', 'GetInstanceProfile', 'DeleteInstanceProfile', 'RemoveRoleFromInstanceProfile'],
  ]),
  // Adding a role to a profile passes the role to EC2.
  AddRoleToInstanceProfile: onProfile('AddRoleToInstanceProfile', async (input, facts) => [
    passRole(await facts.roleArn(textAt(input, 'RoleName') ?? '')),
  ]),
  ...rules(onPolicy, ['CreatePolicy']),
};

/** These are not calls, but rights that other calls need. */
export const IAM_RIGHTS: ActionTable = {
  PassRole: {
    action: 'PassRole',
    keys: ['iam:PassedToService', ...TAGS_OF_RESOURCE, 'iam:ResourceTag/'],
    elements: () => [],
  },
  // Needed once in an account, for its first group. The lab's account has already had its first group.
  CreateServiceLinkedRole: { action: 'CreateServiceLinkedRole', keys: ['iam:AWSServiceName'], elements: () => [] },
};
