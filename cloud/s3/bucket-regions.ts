// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../failure.ts';
import type { MotoClient } from '../moto-client.ts';
import { type Struct, textAt } from '../value.ts';

/** Its S3 tells the location of every bucket; another region's tells only that of its own ones. */
const FIRST_REGION = 'us-east-1';

/**
 * Which region each bucket is in. The S3 of a region serves its own buckets and redirects for all others. The gateway
 * has one address: the region of a call is the one that it is signed for. (Moto serves every bucket everywhere.)
 */
export class BucketRegions {
  readonly #moto: MotoClient;
  readonly #known = new Map<string, string>();

  constructor(moto: MotoClient) {
    this.#moto = moto;
  }

  /** Throws the redirect if the call is about a bucket of another region. */
  async check(action: string, input: Struct, region: string): Promise<void> {
    const bucket = textAt(input, 'Bucket');
    if (bucket === undefined || action === 'CreateBucket') return;
    const home = await this.#regionOf(bucket, region);
    if (action === 'DeleteBucket') this.#known.delete(bucket);
    if (home === undefined || home === region) return;
    if (action === 'GetBucketLocation' && region === FIRST_REGION) return;
    throw new AwsFailure(
      'PermanentRedirect',
      'The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.',
      301,
      { 'x-amz-bucket-region': home },
    );
  }

  /** Undefined for a bucket that does not exist. */
  async #regionOf(bucket: string, region: string): Promise<string | undefined> {
    const known = this.#known.get(bucket);
    if (known !== undefined) return known;
    const authorization = `AWS4-HMAC-SHA256 Credential=GATEWAY/20200101/${region}/s3/aws4_request, SignedHeaders=host, Signature=0`;
    const target = `/${encodeURIComponent(bucket)}?location`;
    const call = { method: 'GET', target, headers: { authorization }, body: Buffer.alloc(0) };
    const { status, body } = await this.#moto.forward(call);
    if (status === 404) return undefined;
    if (status >= 300) throw new Error(`moto answered ${status} for the location of the bucket ${bucket}`);
    const home = /<LocationConstraint[^>]*>([^<]+)</.exec(body.toString('utf8'))?.[1] ?? FIRST_REGION;
    this.#known.set(bucket, home);
    return home;
  }
}
