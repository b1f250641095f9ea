// SPDX-License-Identifier: Apache-2.0
/** The claims' log groups of clusters whose stack is gone. */
import {
  DeleteLogGroupCommand,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  ListTagsForResourceCommand,
  type LogGroup,
} from '@aws-sdk/client-cloudwatch-logs';
import { call } from '../aws.ts';
import type { DeployContext } from '../context.ts';
import { CLUSTER_TAG, counted, isClusterOf, type Leftover } from './leftover.ts';

const MOST_PAGES = 100;

export async function logGroupsLeft(context: DeployContext, stackName: string): Promise<readonly Leftover[]> {
  const found: Leftover[] = [];
  for (const group of await groupsWithPrefix(context, `/zookeeper/${stackName}-`)) {
    const name = group.logGroupName ?? '';
    const cluster = await clusterTag(context, group);
    // Name and tag must agree. A group that somebody else made under such a name must not be removed.
    if (!isClusterOf(cluster, stackName) || !name.startsWith(`/zookeeper/${cluster}`)) continue;
    found.push({
      kind: 'log group',
      name,
      cluster,
      holds: await holdsOf(context, name),
      remove: (later) => remove(later, name),
    });
  }
  return found;
}

async function groupsWithPrefix({ aws, signal }: DeployContext, prefix: string): Promise<readonly LogGroup[]> {
  const groups: LogGroup[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await call('CloudWatch Logs DescribeLogGroups', signal, (options) =>
      aws.logs.send(
        new DescribeLogGroupsCommand({ logGroupNamePrefix: prefix, ...(nextToken === undefined ? {} : { nextToken }) }),
        options,
      ),
    );
    groups.push(...(answer.logGroups ?? []));
    nextToken = answer.nextToken;
    if (nextToken === undefined) break;
  }
  return groups;
}

async function clusterTag({ aws, signal }: DeployContext, group: LogGroup): Promise<string | undefined> {
  // The older `arn` ends in `:*`, which the tag calls do not accept.
  const resourceArn = group.logGroupArn ?? group.arn?.replace(/:\*$/, '');
  if (resourceArn === undefined) return undefined;
  const { tags } = await call(
    'CloudWatch Logs ListTagsForResource',
    signal,
    (options) => aws.logs.send(new ListTagsForResourceCommand({ resourceArn }), options),
    ({ code }) => (code === 'ResourceNotFoundException' ? { $metadata: {}, tags: {} } : undefined),
  );
  return tags?.[CLUSTER_TAG];
}

async function holdsOf({ aws, signal }: DeployContext, logGroupName: string): Promise<string> {
  const { logStreams = [], nextToken } = await call('CloudWatch Logs DescribeLogStreams', signal, (options) =>
    aws.logs.send(new DescribeLogStreamsCommand({ logGroupName }), options),
  );
  return counted(logStreams.length, nextToken !== undefined, 'log stream', 'log streams');
}

async function remove({ aws, signal }: DeployContext, logGroupName: string): Promise<void> {
  await call(
    `CloudWatch Logs DeleteLogGroup (${logGroupName})`,
    signal,
    (options) => aws.logs.send(new DeleteLogGroupCommand({ logGroupName }), options),
    ({ code }) => (code === 'ResourceNotFoundException' ? { $metadata: {} } : undefined),
  );
}
