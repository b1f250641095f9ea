// SPDX-License-Identifier: Apache-2.0
/** The buckets (records, reports, backups) of clusters whose stack is gone. */
import {
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetBucketTaggingCommand,
  ListBucketsCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  type ObjectIdentifier,
  type Tag,
} from '@aws-sdk/client-s3';
import type { CallFailure } from '../../src/aws/aws-errors.ts';
import { call, regionOf } from '../aws.ts';
import type { DeployContext } from '../context.ts';
import { DeployError } from '../errors.ts';
import { CLUSTER_TAG, counted, isClusterOf, type Leftover } from './leftover.ts';

/** CloudFormation makes a bucket's name from the stack's name, in lower case and perhaps shortened. */
const SURE_PREFIX_LENGTH = 12;
const MOST_BUCKET_PAGES = 50;
/** Pages of a thousand versions. Beyond this, the count for people need not be exact. */
const MOST_COUNT_PAGES = 20;
/** Batches of a thousand. */
const MOST_BATCHES = 10_000;

export async function bucketsLeft(context: DeployContext, stackName: string): Promise<readonly Leftover[]> {
  const prefix = stackName.toLowerCase().slice(0, SURE_PREFIX_LENGTH);
  const region = await regionOf(context.aws);
  const found: Leftover[] = [];
  for (const name of (await allBuckets(context)).filter((bucket) => bucket.startsWith(prefix))) {
    const facts = await factsOf(context, name, region);
    if (facts === undefined && name.startsWith(`${stackName.toLowerCase()}-bucket-`)) {
      context.terminal.line(`AWS denies a look at the bucket ${name}, so it may be left behind as well.`, 'yellow');
    }
    // A cluster of the same name may be in another region.
    if (facts?.region !== region || !isClusterOf(facts.cluster, stackName)) continue;
    const { cluster } = facts;
    found.push({
      kind: 'bucket',
      name,
      cluster,
      holds: await holdsOf(context, name),
      remove: (later) => remove(later, name),
    });
  }
  return found;
}

async function allBuckets({ aws, signal }: DeployContext): Promise<readonly string[]> {
  const names: string[] = [];
  let token: string | undefined;
  for (let page = 0; page < MOST_BUCKET_PAGES; page += 1) {
    const { Buckets = [], ContinuationToken } = await call('S3 ListBuckets', signal, (options) =>
      aws.s3.send(new ListBucketsCommand(token === undefined ? {} : { ContinuationToken: token }), options),
    );
    names.push(...Buckets.flatMap(({ Name }) => (Name === undefined ? [] : [Name])));
    token = ContinuationToken;
    if (token === undefined) break;
  }
  return names;
}

/** The oldest region has no name here, and Ireland had another name in the past. */
const OLD_NAMES: Readonly<Record<string, string>> = { '': 'us-east-1', EU: 'eu-west-1' };

type Unseen = 'gone' | 'denied' | 'elsewhere';

/** S3's answers of one region about a bucket of another one. */
const REDIRECT = 301;
const ELSEWHERE: ReadonlySet<string> = new Set(['PermanentRedirect', 'AuthorizationHeaderMalformed']);

interface BucketFacts {
  readonly region?: string;
  readonly cluster?: string | undefined;
}

/**
 * Undefined for a bucket that this account may not look at; most of these are not ours. The region comes first: S3 only
 * redirects whoever asks about a bucket of another region, in most regions even for that.
 */
async function factsOf(
  { aws, signal }: DeployContext,
  Bucket: string,
  region: string,
): Promise<BucketFacts | undefined> {
  const unseen = ({ kind, code, status }: CallFailure) => {
    if (code === 'NoSuchBucket') return 'gone';
    if (status === REDIRECT || ELSEWHERE.has(code)) return 'elsewhere';
    return kind === 'denied' ? 'denied' : undefined;
  };
  const location = await call<{ readonly name: string } | Unseen>(
    'S3 GetBucketLocation',
    signal,
    async (options) => {
      const { LocationConstraint } = await aws.s3.send(new GetBucketLocationCommand({ Bucket }), options);
      return { name: LocationConstraint ?? '' };
    },
    unseen,
  );
  if (location === 'gone' || location === 'elsewhere') return {};
  if (location === 'denied') return undefined;
  const home = OLD_NAMES[location.name] ?? location.name;
  if (home !== region) return { region: home };
  const tags = await call<readonly Tag[] | Unseen>(
    'S3 GetBucketTagging',
    signal,
    async (options) => (await aws.s3.send(new GetBucketTaggingCommand({ Bucket }), options)).TagSet ?? [],
    (failure) => (failure.code === 'NoSuchTagSet' ? [] : unseen(failure)),
  );
  if (tags === 'gone' || tags === 'elsewhere') return {};
  if (tags === 'denied') return undefined;
  const cluster = tags.find(({ Key }) => Key === CLUSTER_TAG)?.Value;
  return { region: home, cluster };
}

async function holdsOf(context: DeployContext, bucket: string): Promise<string> {
  let objects = 0;
  let older = 0;
  let at: Marker | undefined;
  for (let page = 0; page < MOST_COUNT_PAGES; page += 1) {
    const answer = await versions(context, bucket, at);
    const { Versions = [] } = answer;
    const latest = Versions.filter(({ IsLatest }) => IsLatest).length;
    objects += latest;
    older += Versions.length - latest;
    at = markerOf(answer);
    if (at === undefined) break;
  }
  const more = at !== undefined;
  const earlier = older > 0 ? ` and ${counted(older, more, 'older version', 'older versions')}` : '';
  return `${counted(objects, more, 'object', 'objects')}${earlier}`;
}

interface Marker {
  readonly KeyMarker: string | undefined;
  readonly VersionIdMarker: string | undefined;
}

function versions({ aws, signal }: DeployContext, Bucket: string, at?: Marker) {
  const { KeyMarker, VersionIdMarker } = at ?? {};
  const command = new ListObjectVersionsCommand({
    Bucket,
    ...(KeyMarker === undefined ? {} : { KeyMarker }),
    ...(VersionIdMarker === undefined ? {} : { VersionIdMarker }),
  });
  // Somebody else may have removed the bucket, or an earlier attempt whose answer was lost.
  return call<ListObjectVersionsCommandOutput>(
    'S3 ListObjectVersions',
    signal,
    (options) => aws.s3.send(command, options),
    ({ code }) => (code === 'NoSuchBucket' ? { $metadata: {}, Versions: [], DeleteMarkers: [] } : undefined),
  );
}

function markerOf(answer: Awaited<ReturnType<typeof versions>>): Marker | undefined {
  if (answer.IsTruncated !== true) return undefined;
  return { KeyMarker: answer.NextKeyMarker, VersionIdMarker: answer.NextVersionIdMarker };
}

/**
 * Deletes every version of every object, then the bucket. Always reads the first page again, since the one before is
 * deleted.
 */
async function remove(context: DeployContext, bucket: string): Promise<void> {
  for (let batch = 0; batch < MOST_BATCHES; batch += 1) {
    const { Versions = [], DeleteMarkers = [] } = await versions(context, bucket);
    const objects = [...Versions, ...DeleteMarkers].map(({ Key = '', VersionId }) => ({
      Key,
      ...(VersionId === undefined ? {} : { VersionId }),
    }));
    if (objects.length === 0) return removeEmpty(context, bucket);
    await removeObjects(context, bucket, objects);
    context.terminal.progress(`${bucket}: ${((batch + 1) * 1_000).toLocaleString('en')} versions removed`);
  }
  throw new DeployError(
    'LEFTOVERS_REMAIN',
    `The bucket ${bucket} still has objects after ${MOST_BATCHES} batches.`,
    'Run this again to go on, or check who still writes to it.',
  );
}

async function removeObjects({ aws, signal }: DeployContext, Bucket: string, Objects: ObjectIdentifier[]) {
  const { Errors = [] } = await call(`S3 DeleteObjects (${Bucket})`, signal, (options) =>
    aws.s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }), options),
  );
  const [first] = Errors;
  if (first === undefined) return;
  throw new DeployError(
    'LEFTOVERS_REMAIN',
    `${Errors.length} objects of the bucket ${Bucket} could not be removed. The first is ${first.Key} (${first.Code}: ${first.Message}).`,
    "Check your permissions and the bucket's policy, then run this again.",
  );
}

async function removeEmpty({ aws, signal }: DeployContext, Bucket: string): Promise<void> {
  await call(
    `S3 DeleteBucket (${Bucket})`,
    signal,
    (options) => aws.s3.send(new DeleteBucketCommand({ Bucket }), options),
    ({ code }) => (code === 'NoSuchBucket' ? { $metadata: {} } : undefined),
  );
}
