/**
 * The instance metadata service, version 2 only: one endpoint per instance, on a port of its own. Paths, the token's
 * rules and the status codes follow the EC2 User Guide ("Use the Instance Metadata Service", "Instance metadata
 * categories") and the Auto Scaling User Guide ("Retrieve the target lifecycle state through instance metadata").
 * The hop limit has no meaning on one machine and is left out.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type InstanceCredentials, type InstanceFacts, identityDocument } from './instance-facts.ts';

const LONGEST_TOKEN_SECONDS = 21_600;
const TOKENS_KEPT = 1_000;
const CREDENTIALS_LAST_MS = 6 * 3_600_000;

/** The role in the instance's profile; not `assumable` when its trust policy does not let EC2 have it. */
export interface AttachedRole {
  readonly name: string;
  readonly assumable: boolean;
}

export interface MetadataOptions {
  readonly listenAddress: string;
  readonly facts: InstanceFacts;
  readonly credentials: InstanceCredentials;
  /** The role as it is now, undefined without a profile: no credentials then. By default that of the facts. */
  readonly attachedRole?: () => Promise<AttachedRole | undefined>;
  /** `InService`, `Terminated`, …; undefined before the first. Rejects when it is not to be had (the service answers 500). */
  readonly targetLifecycleState: () => Promise<string | undefined>;
}

export interface MetadataService {
  readonly url: string;
  /** While false, the instance has no role: the credentials' paths answer 404. */
  offerCredentials(offered: boolean): void;
  /** While true, every request is answered 500: a metadata service that is out of order. */
  breakDown(broken: boolean): void;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

class InstanceMetadata {
  readonly #options: MetadataOptions;
  readonly #tokens = new Map<string, number>();
  offersCredentials = true;
  broken = false;

  constructor(options: MetadataOptions) {
    this.#options = options;
  }

  async answer(request: IncomingMessage): Promise<Answer> {
    if (this.broken) return { status: 500, body: '' };
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    if (path === '/latest/api/token') return this.#issueToken(request);
    if (request.method !== 'GET') return { status: 405, body: '' };
    const token = request.headers['x-aws-ec2-metadata-token'];
    if (typeof token !== 'string' || (this.#tokens.get(token) ?? 0) < Date.now()) return { status: 401, body: '' };
    const body = await this.#content(path.replace(/^\/(latest|\d{4}-\d{2}-\d{2})\//, ''));
    return body === undefined ? { status: 404, body: '' } : { status: 200, body };
  }

  #issueToken(request: IncomingMessage): Answer {
    if (request.method !== 'PUT') return { status: 405, body: '' };
    // The service refuses a PUT that passed a proxy.
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

  /** Undefined: there is no such path (yet). */
  async #content(path: string): Promise<string | undefined> {
    const { facts } = this.#options;
    switch (path) {
      case 'dynamic/instance-identity/document':
        return identityDocument(facts);
      case 'meta-data/instance-id':
        return facts.instance;
      case 'meta-data/ami-id':
        return facts.imageId;
      case 'meta-data/instance-type':
        return facts.instanceType;
      case 'meta-data/local-ipv4':
        return facts.address;
      case 'meta-data/placement/availability-zone':
        return facts.zone;
      case 'meta-data/placement/region':
        return facts.region;
      case 'meta-data/autoscaling/target-lifecycle-state':
        return this.#options.targetLifecycleState();
      case 'user-data':
        return facts.userData === '' ? undefined : facts.userData;
    }
    return (await this.#credentialsContent(path)) ?? this.#tagsContent(path);
  }

  async #credentialsContent(path: string): Promise<string | undefined> {
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

  #tagsContent(path: string): string | undefined {
    const key = path.match(/^meta-data\/tags\/instance\/?(.*)$/)?.[1];
    const { tags } = this.#options.facts;
    if (key === undefined || tags === undefined) return undefined;
    return key === '' ? Object.keys(tags).join('\n') : tags[decodeURIComponent(key)];
  }
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  const length = String(Buffer.byteLength(body));
  response.writeHead(status, { 'content-type': 'text/plain', 'content-length': length, server: 'EC2ws', ...headers });
  response.end(body);
}

export async function startMetadataService(options: MetadataOptions): Promise<MetadataService> {
  const metadata = new InstanceMetadata(options);
  const server: Server = createServer((request, response) => {
    request.resume();
    metadata.answer(request).then(
      (answer) => send(response, answer),
      () => send(response, { status: 500, body: '' }),
    );
  });
  server.listen(0, options.listenAddress);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${options.listenAddress}:${port}`,
    offerCredentials: (offered) => {
      metadata.offersCredentials = offered;
    },
    breakDown: (broken) => {
      metadata.broken = broken;
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
