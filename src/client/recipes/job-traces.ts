// SPDX-License-Identifier: Apache-2.0
import type { ZookeeperClient } from '../client.ts';
import { ServerError } from '../errors.ts';
import type { DataAndStat } from '../operations/get.ts';
import type { CallLimit } from './call-limit.ts';
import type { JobLayout } from './job-layout.ts';

/** All znodes that there are of one job. */
export interface JobTraces {
  readonly job: DataAndStat | undefined;
  readonly owner: DataAndStat | undefined;
  readonly done: DataAndStat | undefined;
}

/** Reads them as they are after everything that this session has sent. */
export async function jobTraces(
  client: ZookeeperClient,
  layout: JobLayout,
  name: string,
  limit: CallLimit,
): Promise<JobTraces> {
  await client.sync(layout.root, limit.next());
  const [job, owner, done] = await client.multiRead(
    [
      { kind: 'get', path: layout.job(name) },
      { kind: 'get', path: layout.owner(name) },
      { kind: 'get', path: layout.doneJob(name) },
    ],
    limit.next(),
  );
  return { job: known(job), owner: known(owner), done: known(done) };
}

/** Undefined only for what is not there. */
export function known<Result>(result: Result | ServerError): Result | undefined {
  if (!(result instanceof ServerError)) return result;
  if (result.code === 'NO_NODE') return undefined;
  throw result;
}
