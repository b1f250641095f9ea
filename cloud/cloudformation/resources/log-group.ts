// SPDX-License-Identifier: Apache-2.0
import { numberAt, type Struct, textAt } from '../../value.ts';
import { physicalName } from '../stack/physical-names.ts';
import { unlessGone } from './gone.ts';
import type { ResourceContext, ResourceHandler, Tag } from './handler.ts';
import { surplusKeys, tagsOf } from './tags.ts';

export const logGroup: ResourceHandler = {
  type: 'AWS::Logs::LogGroup',
  supported: ['LogGroupName', 'RetentionInDays', 'Tags.*', 'KmsKeyId', 'LogGroupClass'],
  attributes: ['Arn'],
  takesTags: 'with-system-tags',

  async create(context, properties) {
    const { stack, logicalId } = context;
    const name = textAt(properties, 'LogGroupName') ?? physicalName(stack.name, logicalId);
    const { KmsKeyId, LogGroupClass } = properties;
    await context.call('logs', 'CreateLogGroup', {
      logGroupName: name,
      ...tagMap(tagsOf(context, properties)),
      ...(KmsKeyId === undefined ? {} : { kmsKeyId: KmsKeyId }),
      ...(LogGroupClass === undefined ? {} : { logGroupClass: LogGroupClass }),
    });
    context.made(name);
    await setRetention(context, name, properties);
    return attributes(context, name);
  },

  async update(context, existing, properties) {
    const { physicalId: name, properties: before } = existing;
    if (before.KmsKeyId !== properties.KmsKeyId || before.LogGroupClass !== properties.LogGroupClass) {
      throw new Error('The lab does not change KmsKeyId and LogGroupClass of a log group');
    }
    await setRetention(context, name, properties);
    const resourceArn = arn(context, name);
    const wanted = tagsOf(context, properties);
    const tagKeys = surplusKeys(
      existing,
      wanted.map(({ key }) => key),
    );
    if (tagKeys.length > 0) await context.call('logs', 'UntagResource', { resourceArn, tagKeys });
    if (wanted.length > 0) await context.call('logs', 'TagResource', { resourceArn, ...tagMap(wanted) });
    return attributes(context, name);
  },

  async remove(context, { physicalId: logGroupName }) {
    await unlessGone(context.call('logs', 'DeleteLogGroup', { logGroupName }), 'ResourceNotFoundException');
  },
};

async function setRetention(context: ResourceContext, logGroupName: string, properties: Struct): Promise<void> {
  const retentionInDays = numberAt(properties, 'RetentionInDays');
  if (retentionInDays !== undefined) {
    await context.call('logs', 'PutRetentionPolicy', { logGroupName, retentionInDays });
  } else {
    await unlessGone(context.call('logs', 'DeleteRetentionPolicy', { logGroupName }), 'ResourceNotFoundException');
  }
}

function tagMap(tags: readonly Tag[]): Struct {
  return tags.length === 0 ? {} : { tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])) };
}

function arn({ stack }: ResourceContext, name: string): string {
  return `arn:aws:logs:${stack.region}:${stack.account}:log-group:${name}`;
}

/** The attribute ends with `:*`, as in CloudFormation. The ARN of the service itself does not. */
function attributes(context: ResourceContext, name: string): Struct {
  return { Arn: `${arn(context, name)}:*` };
}
