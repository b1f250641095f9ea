// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../failure.ts';
import type { MotoClient } from '../moto-client.ts';
import { type Struct, textAt } from '../value.ts';
import { type Policy, readPolicy } from './policy.ts';

interface Kept {
  readonly text: string;
  readonly policy: Policy;
}

/**
 * The policies of buckets. The gateway stores them itself and does not give them to moto. Moto would evaluate them too,
 * but ignore principals and conditions. So it would deny to everybody what a policy denies only to some callers, or
 * only under some conditions.
 */
export class BucketPolicies {
  readonly #moto: MotoClient;
  readonly #region: string;
  readonly #kept = new Map<string, Kept>();

  constructor(moto: MotoClient, region: string) {
    this.#moto = moto;
    this.#region = region;
  }

  of(bucket: string): Policy | undefined {
    return this.#kept.get(bucket)?.policy;
  }

  /** Answers the calls about policies; undefined for all others. The policy has been checked by then. */
  async answer(action: string, input: Struct): Promise<Struct | undefined> {
    if (!/^(Put|Get|Delete)BucketPolicy$/.test(action)) return undefined;
    const bucket = textAt(input, 'Bucket') ?? '';
    await this.#mustExist(bucket);
    if (action === 'GetBucketPolicy') {
      const text = this.#kept.get(bucket)?.text;
      if (text === undefined) throw new AwsFailure('NoSuchBucketPolicy', 'The bucket policy does not exist', 404);
      return { Policy: text };
    }
    const text = textAt(input, 'Policy') ?? '';
    if (action === 'DeleteBucketPolicy') this.#kept.delete(bucket);
    else this.#kept.set(bucket, { text, policy: readPolicy(bucket, 'resource', text) });
    return {};
  }

  /** Called when the bucket has been deleted. */
  forget(bucket: string): void {
    this.#kept.delete(bucket);
  }

  async #mustExist(bucket: string): Promise<void> {
    const authorization = `AWS4-HMAC-SHA256 Credential=GATEWAY/20200101/${this.#region}/s3/aws4_request, SignedHeaders=host, Signature=0`;
    const call = { method: 'HEAD', target: `/${encodeURIComponent(bucket)}`, headers: { authorization } };
    const { status } = await this.#moto.forward({ ...call, body: Buffer.alloc(0) });
    if (status === 404) throw new AwsFailure('NoSuchBucket', 'The specified bucket does not exist', 404);
    if (status >= 300) throw new Error(`moto answered ${status} for the bucket ${bucket}`);
  }
}
