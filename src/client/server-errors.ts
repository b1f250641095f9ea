// SPDX-License-Identifier: Apache-2.0
/**
 * Every error code of a ZooKeeper server, with its name and cause. `unsure` means that the code does not say whether a
 * write was applied. Source: KeeperException.Code of release 3.9.5.
 */
export const SERVER_ERRORS = [
  { number: -1, code: 'SYSTEM_ERROR', unsure: true, cause: 'The server failed on the way.' },
  { number: -2, code: 'RUNTIME_INCONSISTENCY', unsure: true, cause: 'The server found a contradiction at run time.' },
  { number: -3, code: 'DATA_INCONSISTENCY', unsure: true, cause: 'The server found a contradiction in its data.' },
  { number: -4, code: 'CONNECTION_LOSS', unsure: true, cause: 'The server lost a connection on the way.' },
  { number: -5, code: 'MARSHALLING_ERROR', unsure: false, cause: 'The server could not read the request.' },
  { number: -6, code: 'UNIMPLEMENTED', unsure: false, cause: 'The server does not know this operation.' },
  { number: -7, code: 'OPERATION_TIMEOUT', unsure: true, cause: 'The operation took the server too long.' },
  { number: -8, code: 'BAD_ARGUMENTS', unsure: false, cause: 'The arguments are not valid.' },
  { number: -12, code: 'UNKNOWN_SESSION', unsure: false, cause: 'The server does not know this session.' },
  {
    number: -13,
    code: 'NEW_CONFIG_NO_QUORUM',
    unsure: false,
    cause: 'No quorum of the new config is connected and in step with the leader.',
  },
  { number: -14, code: 'RECONFIG_IN_PROGRESS', unsure: false, cause: 'Another reconfig has not finished yet.' },
  { number: -100, code: 'API_ERROR', unsure: false, cause: 'The server refused the request.' },
  { number: -101, code: 'NO_NODE', unsure: false, cause: 'There is no node at this path.' },
  { number: -102, code: 'NO_AUTH', unsure: false, cause: 'The ACL does not permit it to this client.' },
  { number: -103, code: 'BAD_VERSION', unsure: false, cause: 'The version is not the one that was expected.' },
  {
    number: -108,
    code: 'NO_CHILDREN_FOR_EPHEMERALS',
    unsure: false,
    cause: 'An ephemeral node can not have children.',
  },
  { number: -110, code: 'NODE_EXISTS', unsure: false, cause: 'There is a node at this path already.' },
  { number: -111, code: 'NOT_EMPTY', unsure: false, cause: 'The node has children.' },
  { number: -112, code: 'SESSION_EXPIRED', unsure: false, cause: 'The server has ended this session.' },
  { number: -113, code: 'INVALID_CALLBACK', unsure: false, cause: 'The callback is not valid.' },
  { number: -114, code: 'INVALID_ACL', unsure: false, cause: 'The ACL is not valid.' },
  { number: -115, code: 'AUTH_FAILED', unsure: false, cause: 'The server refused the credentials.' },
  { number: -118, code: 'SESSION_MOVED', unsure: false, cause: 'The session has moved to another server.' },
  { number: -119, code: 'NOT_READ_ONLY', unsure: false, cause: 'The server is read-only, this is a write.' },
  {
    number: -120,
    code: 'EPHEMERAL_ON_LOCAL_SESSION',
    unsure: false,
    cause: 'A local session can not have ephemeral nodes.',
  },
  { number: -121, code: 'NO_WATCHER', unsure: false, cause: 'There is no such watch.' },
  { number: -122, code: 'SERVER_REQUEST_TIMEOUT', unsure: true, cause: 'The request took the server too long.' },
  { number: -123, code: 'RECONFIG_DISABLED', unsure: false, cause: 'The servers run without reconfigEnabled=true.' },
  {
    number: -124,
    code: 'SESSION_CLOSED_REQUIRE_AUTH',
    unsure: false,
    cause: 'The server demands an authentication that this client has not made.',
  },
  { number: -125, code: 'QUOTA_EXCEEDED', unsure: false, cause: 'The quota of the path is used up.' },
  { number: -127, code: 'THROTTLED', unsure: false, cause: 'The server is too busy and has dropped the request.' },
] as const;

/** The codes of the errors that servers answer with. A number that the client does not know is UNKNOWN_SERVER_ERROR. */
export type ServerErrorCode = (typeof SERVER_ERRORS)[number]['code'] | 'UNKNOWN_SERVER_ERROR';

export interface ServerErrorKind {
  readonly number: number;
  readonly code: ServerErrorCode;
  readonly unsure: boolean;
  readonly cause: string;
}

const BY_NUMBER = new Map<number, ServerErrorKind>(SERVER_ERRORS.map((kind) => [kind.number, kind]));

/** A number that no known release uses may mean anything, so a write with this answer is in doubt. */
export function serverErrorKind(number: number): ServerErrorKind {
  return (
    BY_NUMBER.get(number) ?? {
      number,
      code: 'UNKNOWN_SERVER_ERROR',
      unsure: true,
      cause: `The server answered with the unknown error ${number}.`,
    }
  );
}
