// SPDX-License-Identifier: Apache-2.0
/**
 * Credentials of the agent's AWS calls: from the environment, otherwise from the instance profile. The agent does not
 * use the SDK's own chain, for two reasons. The chain also looks into files, SSO and containers, which a node does not
 * have. And it gives the metadata service one second and no second try.
 */
import type { MetadataService } from './metadata-service.ts';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

const ROLES = '/latest/meta-data/iam/security-credentials/';
/** The metadata service has new credentials at least five minutes before the old ones expire. */
const RENEW_BEFORE_MS = 300_000;

class NoCredentials extends Error {
  constructor(why: string, cause?: unknown) {
    super(why, { cause });
    this.name = 'NoCredentials';
  }
}

/** One provider for all clients. It asks once, and again when its credentials are about to expire. */
export function credentialsProvider(
  environment: Readonly<Record<string, string | undefined>>,
  service: MetadataService,
): () => Promise<AwsCredentials> {
  let asking: Promise<AwsCredentials> | undefined;
  let renewAtMs = 0;
  return () => {
    if (asking === undefined || Date.now() >= renewAtMs) {
      renewAtMs = Number.POSITIVE_INFINITY;
      asking = fromEnvironment(environment) ?? fromInstanceProfile(service);
      asking.then(
        ({ expiration }) => {
          if (expiration !== undefined) renewAtMs = expiration.getTime() - RENEW_BEFORE_MS;
        },
        () => {
          asking = undefined;
        },
      );
    }
    return asking;
  };
}

function fromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<AwsCredentials> | undefined {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = environment;
  if (!accessKeyId || !secretAccessKey) return undefined;
  const sessionToken = environment.AWS_SESSION_TOKEN;
  return Promise.resolve({ accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) });
}

async function fromInstanceProfile(service: MetadataService): Promise<AwsCredentials> {
  try {
    // The metadata service has its own limit, and so has the AWS call that waits here.
    const { signal } = new AbortController();
    const role = (await service.get(ROLES, signal))?.trim();
    if (!role) throw new NoCredentials('the instance has no instance profile');
    const text = await service.get(`${ROLES}${encodeURIComponent(role)}`, signal);
    if (text === undefined) throw new NoCredentials(`the role ${role} has no credentials`);
    return credentialsOf(text, role);
  } catch (error) {
    if (error instanceof NoCredentials) throw error;
    throw new NoCredentials(error instanceof Error ? error.message : String(error), error);
  }
}

function credentialsOf(text: string, role: string): AwsCredentials {
  const document = Object(JSON.parse(text)) as Record<string, unknown>;
  const { Code, AccessKeyId, SecretAccessKey, Token, Expiration } = document;
  const expiration = new Date(String(Expiration));
  if (
    (Code !== undefined && Code !== 'Success') ||
    typeof AccessKeyId !== 'string' ||
    typeof SecretAccessKey !== 'string' ||
    typeof Token !== 'string' ||
    Number.isNaN(expiration.getTime())
  ) {
    throw new NoCredentials(`the metadata service has no usable credentials of the role ${role} (${String(Code)})`);
  }
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token, expiration };
}
