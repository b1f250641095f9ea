// SPDX-License-Identifier: Apache-2.0
import {
  MaybeAppliedError,
  ServerError,
  type ServerErrorCode,
  ZookeeperClient,
  ZookeeperError,
} from '../client/index.ts';
import { AgentError } from '../errors.ts';
import { CLIENT_PORT, type EnsembleConfig } from '../model/member.ts';
import { fromZxid } from '../model/zxid.ts';
import type { ReconfigAnswer, ReconfigChange, Servers, Session } from '../ports.ts';
import type { Timings } from '../timings.ts';
import { formatMember, parseDynamicConfig } from './dynamic-config.ts';
import { askSrvr, askWord, type WordOptions } from './four-letter-words.ts';
import { learnersOf } from './mntr.ts';

interface ZookeeperServersOptions {
  readonly timings: Timings;
  /** The password of the user `super` on the node's own server. */
  readSecret(): Promise<string>;
  /** The own address to connect from. */
  readonly localAddress?: string;
}

/**
 * A server takes a limited number of connections from one address (maxClientCnxns), and closes the next one without an
 * answer. Clients on this very node may have them all. So the own server is asked again from a loopback address that
 * nobody else uses by default. From there no other machine can be reached.
 */
const LOOPBACK = '127.0.0.2';

/** ZooKeeper's servers over the network. Each is asked separately, on the standard client port. */
export function zookeeperServers(options: ZookeeperServersOptions): Servers {
  const local = options.localAddress === undefined ? {} : { localAddress: options.localAddress };
  const words: WordOptions = { port: CLIENT_PORT, timeoutMs: options.timings.probeTimeoutMs, ...local };
  const fromLoopback = new Set<string>();
  const localOf = (address: string) => (fromLoopback.has(address) ? { localAddress: LOOPBACK } : local);
  return {
    srvr: async (address, signal) => {
      const answer = await askSrvr(address, { ...words, ...localOf(address) }, signal);
      if (answer.kind !== 'silent' || !answer.closed || fromLoopback.has(address)) return answer;
      const again = await askSrvr(address, { ...words, localAddress: LOOPBACK }, signal);
      if (again.kind === 'silent') return answer;
      fromLoopback.add(address);
      return again;
    },
    learners: (address, signal) =>
      attempt(address, 'ask for its learners', signal, async () => {
        const answer = await askWord(address, 'mntr', { ...words, ...localOf(address) }, signal);
        const learners = answer.kind === 'text' ? learnersOf(answer.text) : undefined;
        if (learners !== undefined) return learners;
        throw new Error(answer.kind === 'silent' ? answer.why : 'it does not lead');
      }),
    open: async (address, { secret }, signal) => {
      const password = secret ? await options.readSecret() : undefined;
      const from = { ...options, ...localOf(address) };
      return attempt(address, 'open a session', signal, () => openSession(address, password, from, signal));
    },
  };
}

/** A session with one server, which never connects to another. So what it reads is what that server says. */
async function openSession(
  address: string,
  password: string | undefined,
  options: ZookeeperServersOptions,
  signal: AbortSignal,
): Promise<Session> {
  const limitMs = options.timings.sessionTimeoutMs;
  const client = await ZookeeperClient.connect(
    {
      servers: [{ host: address, port: CLIENT_PORT }],
      sessionTimeoutMs: limitMs,
      // One attempt only: the caller looks again, and by then the server may say something new.
      connectLimitMs: 0,
      handshakeTimeoutMs: limitMs,
      reconnectLimitMs: 0,
      requestTimeoutMs: limitMs,
      closeTimeoutMs: Math.min(limitMs, options.timings.probeTimeoutMs),
      ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
    },
    { signal },
  );
  try {
    if (password !== undefined) await client.addAuth('digest', `super:${password}`, { signal });
  } catch (error) {
    await client.close();
    throw error;
  }
  return {
    config: (callSignal) => attempt(address, 'read the config', callSignal, () => readConfig(client, callSignal)),
    reconfig: (change, callSignal) =>
      attempt(address, 'change the config', callSignal, () => changeConfig(client, change, callSignal)),
    close: () => client.close(),
  };
}

async function readConfig(client: ZookeeperClient, signal: AbortSignal): Promise<EnsembleConfig> {
  const { data } = await client.getConfig({ signal });
  return parseDynamicConfig(data.toString('utf8'));
}

/** After these refusals the caller looks again and decides anew. */
const ANSWERS: Partial<Record<ServerErrorCode, ReconfigAnswer>> = {
  NEW_CONFIG_NO_QUORUM: 'no-quorum',
  RECONFIG_IN_PROGRESS: 'in-progress',
  BAD_VERSION: 'stale-version',
  NO_AUTH: 'not-authorized',
};

async function changeConfig(
  client: ZookeeperClient,
  change: ReconfigChange,
  signal: AbortSignal,
): Promise<ReconfigAnswer> {
  const { joining = [], leaving = [] } = change;
  try {
    // The server would read an empty list as a list with one empty name.
    await client.reconfig(
      {
        ...(joining.length === 0 ? {} : { joining: joining.map(formatMember) }),
        ...(leaving.length === 0 ? {} : { leaving }),
        fromVersion: fromZxid(change.fromVersion),
      },
      { signal },
    );
    return 'ok';
  } catch (error) {
    if (error instanceof MaybeAppliedError) return 'maybe-applied';
    const answer = error instanceof ServerError ? ANSWERS[error.code as ServerErrorCode] : undefined;
    if (answer === undefined) throw error;
    return answer;
  }
}

/** Makes an AgentError of every failure. The error names the server, and what was wanted of it. */
async function attempt<T>(address: string, what: string, signal: AbortSignal, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw agentError(address, what, signal, error);
  }
}

function agentError(address: string, what: string, signal: AbortSignal, error: unknown): AgentError {
  if (error instanceof AgentError) return error;
  const server = `the ZooKeeper server at ${address}`;
  if (signal.aborted && error === signal.reason) {
    return new AgentError(
      'INTERRUPTED',
      `the attempt to ${what} on ${server} was interrupted`,
      'Nothing needs doing; the next run looks again.',
      error,
    );
  }
  const why = error instanceof Error ? error.message : String(error);
  const message = `could not ${what} on ${server}: ${why}`;
  const code = error instanceof ZookeeperError ? error.code : undefined;
  switch (code) {
    case 'RECONFIG_DISABLED':
      return new AgentError('BAD_SETTINGS', message, 'Set reconfigEnabled=true in zoo.cfg on every server.', error);
    case 'BAD_ARGUMENTS':
    case 'MARSHALLING_ERROR':
    case 'BAD_REQUEST':
      return new AgentError('BAD_ARGUMENT', message, 'Compare the members with the current config.', error);
    case 'NO_AUTH':
    case 'AUTH_FAILED':
      return new AgentError('NOT_AUTHORIZED', message, "Check the secret of the node's own server.", error);
    default:
      return new AgentError('ZOOKEEPER_UNAVAILABLE', message, "See the server's log on that node.", error);
  }
}
