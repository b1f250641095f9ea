// SPDX-License-Identifier: Apache-2.0
import { MaybeAppliedError, SERVER_ERRORS, ServerError, ZookeeperError } from '../client/index.ts';
import { check } from './arguments.ts';

/** What a callback gets when a call failed. `cause` is the error of the client, which says more. */
export class Exception extends Error {
  static readonly OK: number = 0;
  static readonly SYSTEM_ERROR: number = -1;
  static readonly RUNTIME_INCONSISTENCY: number = -2;
  static readonly DATA_INCONSISTENCY: number = -3;
  static readonly CONNECTION_LOSS: number = -4;
  static readonly MARSHALLING_ERROR: number = -5;
  static readonly UNIMPLEMENTED: number = -6;
  static readonly OPERATION_TIMEOUT: number = -7;
  static readonly BAD_ARGUMENTS: number = -8;
  static readonly API_ERROR: number = -100;
  static readonly NO_NODE: number = -101;
  static readonly NO_AUTH: number = -102;
  static readonly BAD_VERSION: number = -103;
  static readonly NO_CHILDREN_FOR_EPHEMERALS: number = -108;
  static readonly NODE_EXISTS: number = -110;
  static readonly NOT_EMPTY: number = -111;
  static readonly SESSION_EXPIRED: number = -112;
  static readonly INVALID_CALLBACK: number = -113;
  static readonly INVALID_ACL: number = -114;
  static readonly AUTH_FAILED: number = -115;

  code: number;
  override name: string;
  path: string | undefined;

  /** The stack begins below `maker`, which may also stand in the place of the path. */
  // biome-ignore lint/complexity/noBannedTypes: the old package's types have Function, and old programs need them.
  constructor(code: number, name: string, path?: string | Function, maker?: Function) {
    check(typeof code === 'number', 'code must be a number');
    check(typeof name === 'string' && name !== '', 'name must be a string that is not empty');
    const place = typeof path === 'function' ? undefined : path;
    const message = `Exception: ${name}[${code}]${place === undefined ? '' : `@${place}`}`;
    super();
    this.code = code;
    this.name = name;
    this.path = place;
    // As it always did, it shows in JSON, last.
    Object.defineProperty(this, 'message', { value: message, enumerable: true, writable: true, configurable: true });
    Error.captureStackTrace(this, (typeof path === 'function' ? path : maker) ?? Exception);
  }

  getCode(): number {
    return this.code;
  }

  getName(): string {
    return this.name;
  }

  /** Undefined in what the servers answer, though the old types say otherwise. */
  getPath(): string {
    return this.path as string;
  }

  override toString(): string {
    return this.message;
  }
}

const NUMBERS = new Map<string, number>([
  ...SERVER_ERRORS.map(({ code, number }) => [code, number] as const),
  ['BAD_REQUEST', Exception.BAD_ARGUMENTS],
  ['REQUEST_TOO_LARGE', Exception.BAD_ARGUMENTS],
  ['QUEUE_FULL', Exception.SYSTEM_ERROR],
  ['REQUEST_TIMEOUT', Exception.OPERATION_TIMEOUT],
  ['CONNECTION_LOST', Exception.CONNECTION_LOSS],
  ['MAYBE_APPLIED', Exception.CONNECTION_LOSS],
  ['CLIENT_CLOSED', Exception.CONNECTION_LOSS],
  ['NO_SERVER', Exception.CONNECTION_LOSS],
  ['PROTOCOL', Exception.CONNECTION_LOSS],
]);
const NAMES = new Map<number, string>(SERVER_ERRORS.map(({ code, number }) => [number, code]));

export function exceptionOf(error: unknown): Exception {
  if (error instanceof Exception) return error;
  // The reason says whether the connection was lost or the time ran out.
  const reason = error instanceof MaybeAppliedError && error.cause instanceof ZookeeperError ? error.cause : error;
  return named(numberOf(reason), error);
}

export function connectionLoss(): Exception {
  return named(Exception.CONNECTION_LOSS, undefined);
}

function numberOf(error: unknown): number {
  if (error instanceof ServerError) return error.number;
  const code = error instanceof ZookeeperError ? error.code : '';
  return NUMBERS.get(code) ?? Exception.SYSTEM_ERROR;
}

function named(number: number, cause: unknown): Exception {
  const exception = new Exception(number, NAMES.get(number) ?? 'UNKNOWN_SERVER_ERROR', exceptionOf);
  if (cause !== undefined) Object.defineProperty(exception, 'cause', { value: cause, configurable: true });
  return exception;
}
