// SPDX-License-Identifier: Apache-2.0
/**
 * Service Authorization Reference, "Actions, resources, and condition keys for Amazon CloudWatch Logs". A call about a
 * group is checked against `…:log-group:<name>:log-stream:`, so a policy needs `…:log-group:<name>:*`. Only calls about
 * tags are checked without this end (CloudWatch Logs User Guide, "Overview of managing access permissions": ARNs).
 */
import { isStruct, type Struct, textAt, textsAt } from '../../value.ts';
import { type ActionRule, type ActionTable, requestTags, TAGS_OF_REQUEST } from './element.ts';

/** For one group, or for all groups where the call names none. */
function onGroup(action: string, member = 'logGroupName'): ActionRule {
  return {
    action,
    keys: [],
    elements: (input, facts) => {
      const name = groupName(textAt(input, member) ?? textAt(input, 'logGroupIdentifier') ?? '');
      return [{ action: `logs:${action}`, resource: facts.arn('logs', `log-group:${name}:log-stream:`) }];
    },
  };
}

function onStream(action: string): ActionRule {
  return {
    action,
    keys: [],
    elements: (input, facts) => {
      const group = groupName(textAt(input, 'logGroupName') ?? textAt(input, 'logGroupIdentifier') ?? '');
      const stream = textAt(input, 'logStreamName') ?? '';
      return [{ action: `logs:${action}`, resource: facts.arn('logs', `log-group:${group}:log-stream:${stream}`) }];
    },
  };
}

function onTags(action: string): ActionRule {
  return {
    action,
    keys: TAGS_OF_REQUEST,
    elements: (input) => [
      { action: `logs:${action}`, resource: textAt(input, 'resourceArn') ?? '*', context: requestTags(tagsIn(input)) },
    ],
  };
}

/** Logs has tags as an object, and the tags to remove as a list of keys. */
function tagsIn(input: Struct): ReadonlyMap<string, string> {
  const keys = textsAt(input, 'tagKeys').map((key) => [key, ''] as const);
  const tags = isStruct(input.tags)
    ? Object.entries(input.tags).map(([key, value]) => [key, String(value)] as const)
    : [];
  return new Map([...keys, ...tags]);
}

/** The call may have a group's ARN instead of its name. */
function groupName(nameOrArn: string): string {
  return /^arn:[^:]*:logs:[^:]*:[^:]*:log-group:([^:]*)/.exec(nameOrArn)?.[1] ?? nameOrArn;
}

const createGroup: ActionRule = {
  action: 'CreateLogGroup',
  keys: TAGS_OF_REQUEST,
  elements: (input, facts) => {
    const name = textAt(input, 'logGroupName') ?? '';
    const tags = tagsIn(input);
    const context = requestTags(tags);
    const element = {
      action: 'logs:CreateLogGroup',
      resource: facts.arn('logs', `log-group:${name}:log-stream:`),
      context,
    };
    // To make it with tags, the caller also needs the right to tag.
    const tagging = { action: 'logs:TagResource', resource: facts.arn('logs', `log-group:${name}`), context };
    return tags.size === 0 ? [element] : [element, tagging];
  },
};

export const LOGS_ACTIONS: ActionTable = {
  CreateLogGroup: createGroup,
  DeleteLogGroup: onGroup('DeleteLogGroup'),
  DescribeLogGroups: onGroup('DescribeLogGroups', 'none'),
  DescribeLogStreams: onGroup('DescribeLogStreams'),
  PutRetentionPolicy: onGroup('PutRetentionPolicy'),
  DeleteRetentionPolicy: onGroup('DeleteRetentionPolicy'),
  CreateLogStream: onStream('CreateLogStream'),
  DeleteLogStream: onStream('DeleteLogStream'),
  PutLogEvents: onStream('PutLogEvents'),
  TagResource: onTags('TagResource'),
  UntagResource: onTags('UntagResource'),
  ListTagsForResource: onTags('ListTagsForResource'),
};
