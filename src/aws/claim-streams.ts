// SPDX-License-Identifier: Apache-2.0
import { AgentError } from '../errors.ts';
import type { ClaimStreams } from '../ports.ts';
import { UnreadableAnswer } from './aws-errors.ts';
import { type ClientSettings, clientConfig, once, unlogged } from './clients.ts';
import { allPages, listed } from './pages.ts';
import type { Caller } from './retry.ts';
import { ageMs, rememberServiceTime } from './service-time.ts';

const STREAMS_PER_PAGE = 50;

/** CloudWatch Logs: CreateLogStream succeeds once for a name (protocol: Claims 1). */
export function claimStreamsAdapter(logGroup: string, settings: ClientSettings, caller: Caller): ClaimStreams {
  const ready = once(async () => {
    const sdk = await import('./sdk.ts');
    const client = unlogged(new sdk.CloudWatchLogsClient(clientConfig(settings)));
    return { sdk, client, serviceTime: rememberServiceTime(client) };
  });
  /** Streams that this process may have made, although the call failed in the end. */
  const doubtful = new Set<string>();

  return {
    async create(name, signal) {
      const { sdk, client } = await ready();
      const wasInDoubt = doubtful.has(name);
      const result = await caller.request<'created' | 'exists' | 'unsure'>(
        { service: 'CloudWatch Logs', action: 'CreateLogStream', about: `${logGroup} ${name}` },
        signal,
        async (abortSignal) => {
          // The stream is in doubt from here on, until an answer says otherwise.
          doubtful.add(name);
          const input = { logGroupName: logGroup, logStreamName: name };
          await client.send(new sdk.CreateLogStreamCommand(input), { abortSignal });
          return 'created';
        },
        (failure, mayHaveBeenDone) => {
          const inDoubt = wasInDoubt || mayHaveBeenDone;
          if (!inDoubt && failure.kind !== 'unanswered') doubtful.delete(name);
          if (failure.code === 'ResourceNotFoundException') throw noLogGroup(logGroup, failure.cause);
          if (failure.code !== 'ResourceAlreadyExistsException') return undefined;
          return inDoubt ? 'unsure' : 'exists';
        },
      );
      if (result === 'created') doubtful.delete(name);
      return result;
    },

    async list(signal) {
      const { sdk, client, serviceTime } = await ready();
      const action = { service: 'CloudWatch Logs', action: 'DescribeLogStreams', about: logGroup } as const;
      return caller.within(action, signal, ({ request }) =>
        allPages((token) =>
          request(
            action,
            async (abortSignal) => {
              const input = {
                logGroupName: logGroup,
                limit: STREAMS_PER_PAGE,
                ...(token === undefined ? {} : { nextToken: token }),
              };
              const page = await client.send(new sdk.DescribeLogStreamsCommand(input), { abortSignal });
              const items = listed(page.logStreams, 'log streams').map(({ logStreamName: name, creationTime }) => {
                if (!name) throw new UnreadableAnswer('a log stream has no name');
                return { name, ageMs: ageMs(serviceTime(page), creationTime, `the log stream ${name}`) };
              });
              return { items, next: page.nextToken };
            },
            (failure) => {
              if (failure.code === 'ResourceNotFoundException') throw noLogGroup(logGroup, failure.cause);
              return undefined;
            },
          ),
        ),
      );
    },
  };
}

function noLogGroup(logGroup: string, cause: unknown): AgentError {
  return new AgentError(
    'BAD_SETTINGS',
    `LOG_GROUP is "${logGroup}", and there is no such log group in the region of this node.`,
    'Set LOG_GROUP to the log group of the cluster; if it was deleted, the claims on ids went with it: see the runbook.',
    cause,
  );
}
