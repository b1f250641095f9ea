// SPDX-License-Identifier: Apache-2.0
/** What the nodes have written: the cluster's bucket and its log streams. These reads are not affected by faults. */
import { paginateDescribeLogStreams } from '@aws-sdk/client-cloudwatch-logs';
import { GetObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import type { ClaimOwner, LineageRecord } from '../../src/model/records.ts';
import type { AwsClients } from '../../tools/aws-clients.ts';
import type { LabDeployment } from '../lab-deployment.ts';

/**
 * The objects under this prefix in the cluster's part of the bucket, sorted by key. The keys are without the cluster's
 * prefix.
 */
export async function readBucket(
  aws: AwsClients,
  stack: LabDeployment,
  prefix: string,
): Promise<ReadonlyMap<string, string>> {
  const own = `${stack.cluster}/`;
  const keys: string[] = [];
  const pages = paginateListObjectsV2({ client: aws.s3 }, { Bucket: stack.bucket, Prefix: own + prefix });
  for await (const page of pages) keys.push(...(page.Contents ?? []).map((object) => object.Key ?? ''));
  const objects = new Map<string, string>();
  for (const key of keys.sort()) {
    const { Body } = await aws.s3.send(new GetObjectCommand({ Bucket: stack.bucket, Key: key }));
    objects.set(key.slice(own.length), (await Body?.transformToString()) ?? '');
  }
  return objects;
}

/** The lineage records, oldest first. */
export async function readLineage(aws: AwsClients, stack: LabDeployment): Promise<readonly LineageRecord[]> {
  const objects = await readBucket(aws, stack, 'lineage/');
  return [...objects]
    .filter(([key]) => /^lineage\/\d{6}\.json$/.test(key))
    .map(([, body]) => JSON.parse(body) as LineageRecord);
}

export interface ClaimView {
  readonly id: number;
  readonly generation: number;
  /** Undefined while only the log stream exists. */
  readonly owner?: ClaimOwner | 'void';
}

/** The claims on ids, from their log streams and their objects. The lowest ids and generations come first. */
export async function readClaimViews(aws: AwsClients, stack: LabDeployment): Promise<readonly ClaimView[]> {
  const owners = await readBucket(aws, stack, 'claims/');
  const names = new Set(await readStreamNames(aws, stack));
  for (const key of owners.keys()) names.add(key.replace(/^claims\/(.*)\.json$/, '$1'));
  const claims: ClaimView[] = [];
  for (const name of names) {
    const [, id, generation] = /^(\d+)\.(\d+)$/.exec(name) ?? [];
    if (id === undefined || generation === undefined) continue;
    const body = owners.get(`claims/${name}.json`);
    const owner = body === undefined ? {} : { owner: ownerOf(body) };
    claims.push({ id: Number(id), generation: Number(generation), ...owner });
  }
  return claims.sort((one, other) => one.id - other.id || one.generation - other.generation);
}

/** The log streams of the claims, and any others in their group. */
export async function readStreamNames(aws: AwsClients, stack: LabDeployment): Promise<readonly string[]> {
  const names: string[] = [];
  const pages = paginateDescribeLogStreams({ client: aws.logs }, { logGroupName: stack.logGroup });
  for await (const page of pages) {
    for (const { logStreamName = '' } of page.logStreams ?? []) names.push(logStreamName);
  }
  return names;
}

function ownerOf(body: string): ClaimOwner | 'void' {
  const value = JSON.parse(body) as { void?: true } & ClaimOwner;
  return value.void ? 'void' : { instance: value.instance, address: value.address };
}
