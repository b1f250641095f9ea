// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream';
import { AgentError } from '../errors.ts';
import type { ObjectStore, StoredObject } from '../ports.ts';
import { type AwsAction, type CallFailure, UnreadableAnswer } from './aws-errors.ts';
import { type ClientSettings, clientConfig, once, unlogged } from './clients.ts';
import { allPages } from './pages.ts';
import type { Caller } from './retry.ts';
import { ageMs, rememberServiceTime } from './service-time.ts';

/** Claims, records and reports are a few kilobytes. A larger object is not from the agent. */
const LARGEST_OBJECT_BYTES = 4 * 1024 * 1024;
const JSON_TYPE = 'application/json';

/** One bucket under the prefix `<cluster>/`. */
export function objectStoreAdapter(
  { bucket, cluster }: { readonly bucket: string; readonly cluster: string },
  settings: ClientSettings,
  caller: Caller,
): ObjectStore {
  const prefix = `${cluster}/`;
  const ready = once(async () => {
    const sdk = await import('./sdk.ts');
    const { AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3 } = settings.environment;
    // An endpoint other than AWS's own has no host name for each bucket.
    const forcePathStyle = Boolean(AWS_ENDPOINT_URL_S3 || AWS_ENDPOINT_URL);
    const client = unlogged(new sdk.S3Client({ ...clientConfig(settings), forcePathStyle }));
    return { sdk, client, serviceTime: rememberServiceTime(client) };
  });
  const about = (action: string, key: string): AwsAction => ({
    service: 'S3',
    action,
    about: `${bucket} ${prefix}${key}`,
  });
  const notTheBucket = (failure: CallFailure) => {
    if (failure.code === 'NoSuchBucket') throw noBucket(bucket, failure.cause);
  };

  return {
    async get(key, signal) {
      const { sdk, client, serviceTime } = await ready();
      const answer = await caller.request<{ found: StoredObject | undefined }>(
        about('GetObject', key),
        signal,
        async (abortSignal) => {
          const input = { Bucket: bucket, Key: prefix + key };
          const found = await client.send(new sdk.GetObjectCommand(input), { abortSignal });
          const body = await textOf(found.Body as Readable | undefined, abortSignal);
          const etag = hasEtag(found, key);
          const made = found.LastModified?.getTime();
          return { found: { key, body, etag, ageMs: ageMs(serviceTime(found), made, `the object ${key}`) } };
        },
        (failure) => {
          notTheBucket(failure);
          return failure.code === 'NoSuchKey' ? { found: undefined } : undefined;
        },
      );
      return answer.found;
    },

    async list(under, signal) {
      const { sdk, client, serviceTime } = await ready();
      const action = about('ListObjectsV2', under);
      return caller.within(action, signal, ({ request }) =>
        allPages((token) =>
          request(
            action,
            async (abortSignal) => {
              const input = {
                Bucket: bucket,
                Prefix: prefix + under,
                ...(token === undefined ? {} : { ContinuationToken: token }),
              };
              const page = await client.send(new sdk.ListObjectsV2Command(input), { abortSignal });
              const items = (page.Contents ?? []).map((listed) => {
                const { Key, LastModified } = listed;
                if (!Key?.startsWith(prefix)) throw new UnreadableAnswer('the list holds a key that was not asked for');
                const key = Key.slice(prefix.length);
                const age = ageMs(serviceTime(page), LastModified?.getTime(), `the object ${key}`);
                return { key, etag: hasEtag(listed, key), ageMs: age };
              });
              // S3 always sets IsTruncated. An answer without it is no list, and must not count as an empty list.
              if (page.IsTruncated === undefined) throw new UnreadableAnswer('the answer is no list of objects');
              if (page.IsTruncated && !page.NextContinuationToken) {
                throw new UnreadableAnswer('the list is cut off without a way to go on');
              }
              return { items, next: page.NextContinuationToken };
            },
            (failure) => {
              notTheBucket(failure);
              return undefined;
            },
          ),
        ),
      );
    },

    async createOnce(key, body, signal) {
      const { sdk, client } = await ready();
      return caller.request<'created' | 'exists'>(
        about('PutObject', key),
        signal,
        async (abortSignal) => {
          const input = { Bucket: bucket, Key: prefix + key, Body: body, ContentType: JSON_TYPE, IfNoneMatch: '*' };
          hasEtag(await client.send(new sdk.PutObjectCommand(input), { abortSignal }), key);
          return 'created';
        },
        (failure) => {
          notTheBucket(failure);
          return failure.status === 412 ? 'exists' : undefined;
        },
      );
    },

    async replace(key, body, etag, signal) {
      const { sdk, client } = await ready();
      const condition = etag === undefined ? { IfNoneMatch: '*' } : { IfMatch: etag };
      return caller.request<'written' | 'conflict'>(
        about('PutObject', key),
        signal,
        async (abortSignal) => {
          const input = { Bucket: bucket, Key: prefix + key, Body: body, ContentType: JSON_TYPE, ...condition };
          hasEtag(await client.send(new sdk.PutObjectCommand(input), { abortSignal }), key);
          return 'written';
        },
        (failure) => {
          notTheBucket(failure);
          return failure.status === 412 || failure.status === 409 || failure.status === 404 ? 'conflict' : undefined;
        },
      );
    },
  };
}

/** The whole body, or an error. The SDK's own reader has no size limit, and goes on when the attempt is given up. */
async function textOf(body: Readable | undefined, signal: AbortSignal): Promise<string> {
  if (body === undefined) throw new UnreadableAnswer('the object came without a body');
  const giveUp = () => body.destroy(signal.reason);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body) {
      size += chunk.length;
      if (size > LARGEST_OBJECT_BYTES) throw new UnreadableAnswer('the object is far larger than any of ours');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

/** S3 gives every object an ETag. An answer without one is not from S3. */
function hasEtag({ ETag }: { readonly ETag?: string | undefined }, key: string): string {
  if (!ETag) throw new UnreadableAnswer(`the object ${key} has no ETag`);
  return ETag;
}

function noBucket(bucket: string, cause: unknown): AgentError {
  return new AgentError(
    'BAD_SETTINGS',
    `BUCKET is "${bucket}", and there is no such bucket.`,
    'Set BUCKET to the bucket of the cluster; if it was deleted, the records of the cluster went with it: see the runbook.',
    cause,
  );
}
