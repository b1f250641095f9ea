// SPDX-License-Identifier: Apache-2.0
export { type Acl, type AclEntry, CREATOR_ACL, OPEN_ACL, PERMISSIONS, READ_ACL } from './acl.ts';
export { connect, ZookeeperClient } from './client.ts';
export type { ClientOptions } from './client-options.ts';
export type { CreateMode } from './create-mode.ts';
export {
  AuthFailedError,
  ClientClosedError,
  ConnectionLostError,
  MaybeAppliedError,
  NotOwnerError,
  ProtocolError,
  ServerError,
  SessionExpiredError,
  TlsFailedError,
  TransactionError,
  ZookeeperError,
  type ZookeeperErrorCode,
} from './errors.ts';
export type { ResolveName } from './name-resolution.ts';
export { NULL_DATA } from './null-data.ts';
export type { PathAndStat } from './operations/create2.ts';
export type { DataAndStat } from './operations/get.ts';
export type { AclAndStat } from './operations/get-acl.ts';
export type { ChildrenAndStat } from './operations/get-children.ts';
export type { ReadPart, ReadResult, ReadResults } from './operations/multi-read.ts';
export type { ReconfigRequest } from './operations/reconfig.ts';
export type { WatchType } from './operations/remove-watches.ts';
export type { ClientIdentity } from './operations/who-am-i.ts';
export type { CreateOptions } from './protected-create.ts';
export * from './recipes/index.ts';
export type { CallOptions, SignalOptions, VersionOptions } from './request.ts';
export {
  ForceRetryError,
  type RetryClock,
  RetryFailedError,
  type RetryOptions,
  RetryPolicy,
  retry,
} from './retry.ts';
export type { SaslUser } from './sasl-login.ts';
export { SERVER_ERRORS, type ServerErrorCode } from './server-errors.ts';
export type { ServerAddress } from './servers.ts';
export type { Stat } from './stat.ts';
export type { ClientStatus } from './status.ts';
export type { TlsOptions } from './tls.ts';
export type {
  CheckPart,
  CreateContent,
  CreatePart,
  DeletePart,
  PartResult,
  SetPart,
  TransactionPart,
  TransactionResults,
} from './transaction.ts';
export type { HeldZnodes, WatchKind, ZnodeWatch } from './watch.ts';
export type { LastWatchEvent, WatchEvent, ZnodeEvent } from './watch-event.ts';
export type { Watched, WatchOptions } from './watch-requests.ts';
export type { ZonePreference } from './zones.ts';
