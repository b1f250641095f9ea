// SPDX-License-Identifier: Apache-2.0
export { type Acl, type AclEntry, CREATOR_ACL, OPEN_ACL, PERMISSIONS, READ_ACL } from './acl.ts';
export { type ClientOptions, type CreateOptions, type VersionOptions, ZookeeperClient } from './client.ts';
export {
  ClientClosedError,
  ConnectionLostError,
  MaybeAppliedError,
  ProtocolError,
  ServerError,
  SessionExpiredError,
  ZookeeperError,
  type ZookeeperErrorCode,
} from './errors.ts';
export type { DataAndStat } from './operations/get.ts';
export type { ChildrenAndStat } from './operations/get-children.ts';
export type { ReconfigRequest } from './operations/reconfig.ts';
export type { CallOptions } from './request.ts';
export { SERVER_ERRORS, type ServerErrorCode } from './server-errors.ts';
export type { ServerAddress } from './servers.ts';
export type { Stat } from './stat.ts';
export type { ClientStatus } from './status.ts';
