// SPDX-License-Identifier: Apache-2.0
/** Service Authorization Reference, "Actions, resources, and condition keys for AWS CloudFormation". */
import { structsAt, textAt } from '../../value.ts';
import { contextOf, merged, tagContext } from '../context.ts';
import { tagsOf } from '../facts.ts';
import {
  type ActionRule,
  type ActionTable,
  onNothing,
  requestTags,
  TAGS_OF_REQUEST,
  TAGS_OF_RESOURCE,
} from './element.ts';

const KEYS = [
  ...[...TAGS_OF_RESOURCE, ...TAGS_OF_REQUEST],
  ...['cloudformation:ChangeSetName', 'cloudformation:RoleArn', 'cloudformation:TemplateUrl'],
];

/** The stack that the call names, directly or through a change set; `*` if it names none. */
function onStack(action: string): ActionRule {
  return {
    action,
    keys: KEYS,
    elements: (input, facts) => {
      const changeSet = textAt(input, 'ChangeSetName');
      const reference = textAt(input, 'StackName') ?? changeSet;
      if (reference === undefined) return [{ action: `cloudformation:${action}`, resource: '*' }];
      const stack = facts.stack(reference);
      const context = merged(
        tagContext('aws:ResourceTag', stack.tags),
        requestTags(tagsOf(structsAt(input, 'Tags'))),
        contextOf({
          'cloudformation:ChangeSetName': changeSet,
          'cloudformation:RoleArn': textAt(input, 'RoleARN'),
          'cloudformation:TemplateUrl': textAt(input, 'TemplateURL'),
        }),
      );
      return [{ action: `cloudformation:${action}`, resource: stack.arn, context }];
    },
  };
}

const rules = (names: readonly string[]): ActionTable => Object.fromEntries(names.map((name) => [name, onStack(name)]));

export const CLOUDFORMATION_ACTIONS: ActionTable = {
  ...onNothing('cloudformation', ['ListStacks', 'ValidateTemplate']),
  ...rules([
    ...['CreateStack', 'UpdateStack', 'DeleteStack'],
    ...['CreateChangeSet', 'DescribeChangeSet', 'ExecuteChangeSet', 'DeleteChangeSet', 'ListChangeSets'],
    ...['DescribeStacks', 'DescribeStackEvents', 'DescribeStackResource', 'DescribeStackResources'],
    ...['ListStackResources', 'GetTemplate', 'GetTemplateSummary', 'SignalResource'],
  ]),
};
