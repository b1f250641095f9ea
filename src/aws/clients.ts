// SPDX-License-Identifier: Apache-2.0
/** The SDK's clients, each loaded and made on first use. */
import type { AwsCredentials } from './credentials.ts';

const CONNECT_TIMEOUT_MS = 3_000;
const MOST_SOCKETS = 8;

export interface ClientSettings {
  readonly region: () => Promise<string>;
  readonly credentials: () => Promise<AwsCredentials>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The settings of every client. Endpoints come from the SDK's own settings (`AWS_ENDPOINT_URL`, …). */
export function clientConfig({ region, credentials }: ClientSettings) {
  return {
    region,
    credentials,
    // Caller does the retries; retry.ts says why.
    maxAttempts: 1,
    retryMode: 'standard',
    defaultsMode: 'standard',
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      httpAgent: { keepAlive: true, maxSockets: MOST_SOCKETS },
      httpsAgent: { keepAlive: true, maxSockets: MOST_SOCKETS },
    },
  } as const;
}

interface Logging {
  readonly middlewareStack: { remove(middleware: string): boolean };
}

/**
 * Turns off the SDK's log. For every answer the SDK would work out which parts may be logged, and then log nothing. The
 * agent's own log says what matters.
 */
export function unlogged<T extends Logging>(client: T): T {
  client.middlewareStack.remove('loggerMiddleware');
  return client;
}

/** Runs `make` once, at the first call. A failure is not remembered: the next call tries again. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
