// SPDX-License-Identifier: Apache-2.0
import { type ClientOptions, ZookeeperClient, ZookeeperError } from '../client/index.ts';
import type { Option } from './api.ts';
import { check } from './arguments.ts';

const DEFAULTS: Option = { sessionTimeout: 30_000, spinDelay: 1_000, retries: 0 };
/** About 24 days, the longest that a timer takes. The old client never gave up. */
const LONGEST_MS = 0x7fff_ffff;
const LEAST_REQUEST_MS = 30_000;
const MAX_QUEUED = 1_000_000;

export function withDefaults(options: Partial<Option>): Option {
  check(typeof options === 'object', 'options must be an object');
  const all = { ...DEFAULTS, ...options };
  const timeoutMs = Number(all.sessionTimeout);
  check(
    timeoutMs >= 1 && timeoutMs <= LONGEST_MS,
    'sessionTimeout must be a number of milliseconds from 1 to 2147483647',
  );
  return all;
}

/** Throws an AssertionError for a connection string that is none. */
export function makeClient(connectionString: string, { sessionTimeout }: Option): ZookeeperClient {
  check(
    typeof connectionString === 'string' && connectionString !== '',
    'connectionString must be a string that is not empty',
  );
  const sessionTimeoutMs = Math.round(Number(sessionTimeout));
  const options: ClientOptions = {
    servers: usualForm(connectionString),
    sessionTimeoutMs,
    connectLimitMs: LONGEST_MS,
    reconnectLimitMs: LONGEST_MS,
    requestTimeoutMs: Math.max(LEAST_REQUEST_MS, sessionTimeoutMs),
    maxQueued: MAX_QUEUED,
  };
  try {
    return new ZookeeperClient(options);
  } catch (error) {
    if (error instanceof ZookeeperError) check(false, error.message);
    throw error;
  }
}

/** A port may be left out behind its colon, and the chroot may be a slash alone. */
function usualForm(connectionString: string): string {
  const slash = connectionString.indexOf('/');
  const servers = slash < 0 ? connectionString : connectionString.slice(0, slash);
  const chroot = slash < 0 ? '' : connectionString.slice(slash);
  const listed = servers.split(',').map((server) => server.trim().replace(/:$/, ''));
  return listed.filter((server) => server !== '').join(',') + chroot;
}
