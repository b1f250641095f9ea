// SPDX-License-Identifier: Apache-2.0
import { checkedChroot, splitChroot } from './chroot.ts';
import { ZookeeperError } from './errors.ts';
import { limitProblem } from './limit.ts';
import type { ResolveName } from './name-resolution.ts';
import type { SaslUser } from './sasl-login.ts';
import { parseServers, type ServerAddress } from './servers.ts';
import type { SessionSettings } from './session-settings.ts';
import { type TlsOptions, tlsSettingsOf } from './tls.ts';
import { ownZoneOf, type ZonePreference } from './zones.ts';

/** How a client finds its servers, what it asks of them, and its limits. Times are in milliseconds. */
export interface ClientOptions {
  /**
   * `host:port,host:port`, IPv6 in brackets, with a `/chroot` behind the last if wanted; or a list. Names are resolved
   * at each attempt, and every address of a name is tried. 127.0.0.1:2181 if not given.
   */
  readonly servers?: string | readonly ServerAddress[];
  /**
   * Keeps the list of servers as `/zookeeper/config` has it, also when that changes. Those of `servers` are tried after
   * these. With TLS, a member without a secure port in the config is taken to have the port of the first of `servers`.
   */
  readonly followConfig?: boolean;
  /** How to resolve a name, if not as Node does: to all of its addresses. */
  readonly resolve?: ResolveName;
  /**
   * Tries the servers in a random order, which spreads clients over them: true if not given. After a server was lost,
   * or the list of servers has changed, the client also asks them (`srvr`) how many connections each has. It moves from
   * one with many to one with few, within its session, and no call fails by that.
   */
  readonly shuffle?: boolean;
  /**
   * Servers of the own zone first. The others are taken only while none of it serves: once one does again, the client
   * moves there within its session, within half a minute or so. No call fails by that.
   */
  readonly preferZone?: ZonePreference;
  /** The path of a znode that the client takes for its root. It has to be there: the client does not create it. */
  readonly chroot?: string;
  /** Logs in on every connection with SASL DIGEST-MD5, before anything else. Refused, the client ends: AUTH_FAILED. */
  readonly sasl?: SaslUser;
  /**
   * Speaks TLS, with a certificate of its own if one is given. Refused by all servers, it ends `connect`: TLS_FAILED.
   */
  readonly tls?: TlsOptions;
  /**
   * Also takes a server that has lost its quorum, if that runs with readonlymode.enabled and localSessionsEnabled. The
   * client then looks for a full one and moves there: reads in flight end with CONNECTION_LOST, and the session is a
   * new one. Servers of 3.9 take no client there whose session is from a full server: that client waits for such a
   * server, and keeps its session.
   */
  readonly allowReadOnly?: boolean;
  /** The timeout to ask for; the server may grant another one (see `status`). */
  readonly sessionTimeoutMs?: number;
  /** Limit for the first connection. Zero: the client tries each server once. */
  readonly connectLimitMs?: number;
  /**
   * Limit for reaching a server again after a lost connection; then the client ends. Zero: the client ends with its
   * connection.
   */
  readonly reconnectLimitMs?: number;
  /**
   * Limit for connecting to one address of a server, with the handshake. If not given, all servers can be tried once
   * within the session's timeout, with all addresses of their names. But each address has a second, if the session has.
   */
  readonly handshakeTimeoutMs?: number;
  /** A request without an answer for this long ends. A write that was sent then counts as maybe applied. */
  readonly requestTimeoutMs?: number;
  /** How long `close` waits for the answers to what was sent. */
  readonly closeTimeoutMs?: number;
  /** Servers allow 1,000 unanswered requests in all (globalOutstandingLimit). Further requests wait in the client. */
  readonly maxInFlight?: number;
  /** With more waiting requests than this, a new one is refused with QUEUE_FULL. */
  readonly maxQueued?: number;
  /** The servers' `jute.maxbuffer`. */
  readonly maxRequestBytes?: number;
  /** A longer answer ends the connection. */
  readonly maxReplyBytes?: number;
  /** The local address to connect from. */
  readonly localAddress?: string;
}

export function settingsOf(options: ClientOptions): {
  readonly servers: readonly ServerAddress[];
  readonly settings: SessionSettings;
} {
  const { servers, chroot } = placeOf(options);
  return { servers, settings: { ...limitsOf(options, servers.length), chroot } };
}

function placeOf(options: ClientOptions): { readonly servers: readonly ServerAddress[]; readonly chroot: string } {
  const given = checkedChroot(options.chroot ?? '');
  const listed = options.servers ?? '127.0.0.1:2181';
  if (typeof listed !== 'string') return { servers: listed, chroot: given };
  const { servers, chroot } = splitChroot(listed);
  if (chroot === '' || given === '') return { servers: parseServers(servers), chroot: chroot + given };
  throw new ZookeeperError('BAD_REQUEST', 'the chroot stands both behind the servers and in its own option');
}

function limitsOf(options: ClientOptions, servers: number): SessionSettings {
  const sessionTimeoutMs = limit('sessionTimeoutMs', options.sessionTimeoutMs ?? 10_000);
  // The client should be able to try all servers once before the session expires.
  const perServerMs = Math.min((sessionTimeoutMs * 2) / 3, Math.max(1_000, sessionTimeoutMs / Math.max(1, servers)));
  return {
    sessionTimeoutMs,
    connectLimitMs: limit('connectLimitMs', options.connectLimitMs ?? 30_000, 0),
    reconnectLimitMs: limit('reconnectLimitMs', options.reconnectLimitMs ?? 600_000, 0),
    handshakeTimeoutMs: limit('handshakeTimeoutMs', options.handshakeTimeoutMs ?? Math.ceil(perServerMs)),
    sharesHandshakeTimeout: options.handshakeTimeoutMs === undefined,
    requestTimeoutMs: limit('requestTimeoutMs', options.requestTimeoutMs ?? 30_000),
    closeTimeoutMs: limit('closeTimeoutMs', options.closeTimeoutMs ?? 5_000),
    maxInFlight: limit('maxInFlight', options.maxInFlight ?? 900),
    maxQueued: limit('maxQueued', options.maxQueued ?? 100_000),
    maxRequestBytes: limit('maxRequestBytes', options.maxRequestBytes ?? 0xf_ffff),
    maxReplyBytes: limit('maxReplyBytes', options.maxReplyBytes ?? 16 * 1024 * 1024),
    shuffle: options.shuffle ?? true,
    followConfig: options.followConfig ?? false,
    ...(options.resolve === undefined ? {} : { resolve: options.resolve }),
    allowReadOnly: options.allowReadOnly ?? false,
    ...(options.preferZone === undefined ? {} : { isOwnZone: ownZoneOf(options.preferZone) }),
    ...(options.sasl === undefined ? {} : { sasl: options.sasl }),
    ...(options.tls === undefined ? {} : { tls: tlsSettingsOf(options.tls) }),
    ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
  };
}

function limit(name: string, value: number, least = 1): number {
  const problem = limitProblem(name, value, least);
  if (problem !== undefined) throw problem;
  return value;
}
