// SPDX-License-Identifier: Apache-2.0
/**
 * The metadata of one instance, version 2 only. The rules for tokens and the status codes follow the EC2 User Guide
 * ("Use the Instance Metadata Service"). The hop limit is left out, since it means nothing on one machine.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { contentAt } from './content.ts';
import type { InstanceCredentials, InstanceFacts } from './instance-facts.ts';

const LONGEST_TOKEN_SECONDS = 21_600;
const TOKENS_KEPT = 1_000;
const CREDENTIALS_LAST_MS = 6 * 3_600_000;
const VERSION = /^\/(latest|\d{4}-\d{2}-\d{2})\//;

/** The role in the instance's profile. It is not `assumable` when its trust policy does not trust EC2. */
export interface AttachedRole {
  readonly name: string;
  readonly assumable: boolean;
}

export interface MetadataOptions {
  readonly facts: InstanceFacts;
  readonly credentials: InstanceCredentials;
  /**
   * The present role. Undefined without a profile, and then there are no credentials. By default the role in the facts.
   */
  readonly attachedRole?: () => Promise<AttachedRole | undefined>;
  /**
   * `InService`, `Terminated`, …; undefined before the first. Rejects when it can't be read, and the service then
   * answers 500.
   */
  readonly targetLifecycleState: () => Promise<string | undefined>;
  /** Programs, by their user agent, that get answers without a token; none when it is left out. */
  readonly withoutToken?: RegExp;
}

export interface MetadataAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class OfferedMetadata {
  readonly #options: MetadataOptions;
  readonly #tokens = new Map<string, number>();
  offersCredentials = true;
  broken = false;

  constructor(options: MetadataOptions) {
    this.#options = options;
  }

  async answer(request: IncomingMessage): Promise<MetadataAnswer> {
    if (this.broken) return { status: 500, body: '' };
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    if (path === '/latest/api/token') return this.#issueToken(request);
    if (request.method !== 'GET') return { status: 405, body: '' };
    if (!this.#isAllowed(request)) return { status: 401, body: '' };
    const body = VERSION.test(path) ? await this.#content(path.replace(VERSION, '')) : undefined;
    return body === undefined ? { status: 404, body: '' } : { status: 200, body };
  }

  #isAllowed({ headers }: IncomingMessage): boolean {
    const token = headers['x-aws-ec2-metadata-token'];
    if (typeof token === 'string') return (this.#tokens.get(token) ?? 0) >= Date.now();
    return this.#options.withoutToken?.test(headers['user-agent'] ?? '') ?? false;
  }

  #issueToken(request: IncomingMessage): MetadataAnswer {
    if (request.method !== 'PUT') return { status: 405, body: '' };
    // The service refuses a PUT that came through a proxy.
    if (request.headers['x-forwarded-for'] !== undefined) return { status: 403, body: '' };
    const seconds = Number(request.headers['x-aws-ec2-metadata-token-ttl-seconds']);
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > LONGEST_TOKEN_SECONDS) return { status: 400, body: '' };
    const token = `${randomBytes(40).toString('base64url')}==`;
    this.#tokens.set(token, Date.now() + seconds * 1000);
    for (const oldest of this.#tokens.keys()) {
      if (this.#tokens.size <= TOKENS_KEPT) break;
      this.#tokens.delete(oldest);
    }
    return { status: 200, body: token, headers: { 'x-aws-ec2-metadata-token-ttl-seconds': String(seconds) } };
  }

  /** Undefined when there is no such path (yet). */
  async #content(path: string): Promise<string | undefined> {
    const credentials = await this.#credentialsContent(path);
    if (credentials !== undefined) return credentials;
    const { facts, targetLifecycleState } = this.#options;
    const content = await contentAt(path, facts, targetLifecycleState);
    if (path !== 'meta-data/' || !this.offersCredentials) return content;
    return [...(content ?? '').split('\n'), 'iam/'].sort().join('\n');
  }

  async #credentialsContent(path: string): Promise<string | undefined> {
    if (/^meta-data\/iam\/?$/.test(path)) return this.offersCredentials ? 'security-credentials/' : undefined;
    const asked = path.match(/^meta-data\/iam\/security-credentials\/?(.*)$/)?.[1];
    if (asked === undefined || !this.offersCredentials) return undefined;
    const { facts, attachedRole } = this.#options;
    const role = attachedRole === undefined ? { name: facts.role, assumable: true } : await attachedRole();
    if (role === undefined || (asked !== '' && asked !== role.name)) return undefined;
    if (asked === '') return role.name;
    const LastUpdated = new Date().toISOString();
    if (!role.assumable) {
      const Message = `EC2 cannot assume the role ${role.name}. Please see documentation on its trust policy.`;
      return JSON.stringify({ Code: 'AssumeRoleUnauthorizedAccess', Message, LastUpdated });
    }
    const { accessKeyId, secretAccessKey, token } = this.#options.credentials;
    return JSON.stringify({
      Code: 'Success',
      LastUpdated,
      Type: 'AWS-HMAC',
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      Token: token,
      Expiration: new Date(Date.now() + CREDENTIALS_LAST_MS).toISOString(),
    });
  }
}
