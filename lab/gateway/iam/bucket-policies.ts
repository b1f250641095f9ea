import type { MotoClient } from '../moto-client.ts';
import { type Policy, readPolicy } from './policy.ts';

/** As for roles: changes are told by `forget`. */
const KEPT_MS = 2_000;

/** The policies of buckets, as moto keeps them. */
export class BucketPolicies {
  readonly #moto: MotoClient;
  readonly #region: string;
  readonly #known = new Map<string, { readonly atMs: number; readonly found: Promise<Policy | undefined> }>();

  constructor(moto: MotoClient, region: string) {
    this.#moto = moto;
    this.#region = region;
  }

  /** Undefined for a bucket without one, and for no bucket. */
  of(bucket: string): Promise<Policy | undefined> {
    const known = this.#known.get(bucket);
    if (known !== undefined && known.atMs > Date.now() - KEPT_MS) return known.found;
    const found = this.#read(bucket);
    this.#known.set(bucket, { atMs: Date.now(), found });
    found.catch(() => this.#known.delete(bucket));
    return found;
  }

  forget(bucket: string): void {
    this.#known.delete(bucket);
  }

  async #read(bucket: string): Promise<Policy | undefined> {
    const authorization = `AWS4-HMAC-SHA256 Credential=GATEWAY/20200101/${this.#region}/s3/aws4_request, SignedHeaders=host, Signature=0`;
    const target = `/${encodeURIComponent(bucket)}?policy`;
    const answer = await this.#moto.forward({
      method: 'GET',
      target,
      headers: { authorization },
      body: Buffer.alloc(0),
    });
    if (answer.status === 404) return undefined;
    const text = answer.body.toString('utf8');
    if (answer.status !== 200) throw new Error(`moto answered ${answer.status} for the policy of ${bucket}: ${text}`);
    return readPolicy(bucket, 'resource', text);
  }
}
