// SPDX-License-Identifier: Apache-2.0
/** What an error of an AWS call means for its caller. */
import { AgentError } from '../errors.ts';

/**
 * - `throttled`: refused before AWS looked at it, so it changed nothing.
 * - `conflict`: refused because of another call at the same time; try again.
 * - `denied`: refused because a permission is missing.
 * - `no-credentials`: refused because credentials are missing.
 * - `unanswered`: an error of the service, or no readable answer: AWS may have carried out the call.
 * - `refused`: the request itself is wrong; trying again changes nothing.
 */
type CallFailureKind = 'throttled' | 'conflict' | 'denied' | 'no-credentials' | 'unanswered' | 'refused';

export interface CallFailure {
  readonly kind: CallFailureKind;
  /** The service's own error code, such as `InvalidInstanceID.NotFound`. */
  readonly code: string;
  readonly status: number | undefined;
  readonly cause: unknown;
}

/** What was called, for messages: `EC2 DescribeInstances`, and the thing that the call is about. */
export interface AwsAction {
  readonly service: 'EC2' | 'Auto Scaling' | 'CloudFormation' | 'CloudWatch Logs' | 'S3' | 'Route 53';
  readonly action: string;
  readonly about?: string;
}

const THROTTLED = new Set([
  ...['Throttling', 'ThrottlingException', 'ThrottledException', 'RequestThrottled', 'RequestThrottledException'],
  ...['RequestLimitExceeded', 'TooManyRequestsException', 'SlowDown', 'BandwidthLimitExceeded'],
  ...['EC2ThrottledException', 'PriorRequestNotComplete'],
]);
const DENIED = new Set([
  ...['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation', 'AuthFailure', 'NotAuthorized'],
  ...['UnrecognizedClientException', 'InvalidClientTokenId', 'InvalidAccessKeyId', 'OptInRequired', 'Blocked'],
  ...[
    'InvalidSignatureException',
    'ExpiredToken',
    'ExpiredTokenException',
    'InvalidToken',
    'MissingAuthenticationToken',
    'SignatureDoesNotMatch',
  ],
]);
/** After such an error the SDK corrects its clock by the answer, so it signs the next attempt with the right time. */
const CLOCK_SKEW = new Set(['RequestTimeTooSkewed', 'RequestExpired', 'RequestInTheFuture']);
const SKEWED_SIGNATURE = /signature (expired|not yet current)/i;
const CONFLICT = new Set([
  'OperationAbortedException',
  'OperationAborted',
  'ConditionalRequestConflict',
  'ResourceContention',
]);
const NO_CREDENTIALS = new Set(['CredentialsProviderError', 'NoCredentials']);

export function callFailureOf(error: unknown): CallFailure {
  const {
    name = 'Error',
    Code,
    $metadata,
  } = Object(error) as {
    name?: string;
    Code?: string;
    $metadata?: { httpStatusCode?: number };
  };
  const status = $metadata?.httpStatusCode;
  const code = Code ?? name;
  const is = (names: ReadonlySet<string>) => names.has(name) || names.has(code);
  const skewed = is(CLOCK_SKEW) || SKEWED_SIGNATURE.test(messageOf(error));
  return { kind: skewed ? 'conflict' : kindOf(is, status), code, status, cause: error };
}

function kindOf(is: (names: ReadonlySet<string>) => boolean, status: number | undefined): CallFailureKind {
  if (is(NO_CREDENTIALS)) return 'no-credentials';
  if (is(THROTTLED) || status === 429) return 'throttled';
  if (is(CONFLICT)) return 'conflict';
  if (is(DENIED) || status === 401 || status === 403) return 'denied';
  // Without a status in the 300s or 400s, AWS has not refused the call. The connection was lost, the status was a 5xx,
  // or an answer with status 200 could not be read.
  return status !== undefined && status >= 300 && status < 500 ? 'refused' : 'unanswered';
}

export function awsError(
  action: AwsAction,
  instance: string | undefined,
  failure: CallFailure,
  tries: string,
): AgentError {
  const what = `${action.service} ${action.action}${action.about === undefined ? '' : ` (${action.about})`}`;
  const who = instance === undefined ? 'this node' : `node ${instance}`;
  const said = `${failure.code}: ${messageOf(failure.cause)}`;
  switch (failure.kind) {
    case 'denied':
      return new AgentError(
        'AWS_DENIED',
        `AWS denied ${what} to ${who}${tries} (${said}).`,
        `Compare the policy of the node's role, and of the endpoints in its subnet, with the action ${action.action}.`,
        failure.cause,
      );
    case 'no-credentials':
      return new AgentError(
        'NO_CREDENTIALS',
        `There are no credentials on ${who} for ${what}${tries} (${said}).`,
        'Check that the instance has an instance profile and that its metadata service answers.',
        failure.cause,
      );
    case 'refused':
      return new AgentError(
        'AWS_REFUSED',
        `AWS refused ${what} as asked by ${who} (${said}).`,
        "Check that the node's settings name what exists in its region; a later tick tries again.",
        failure.cause,
      );
    default:
      return new AgentError(
        'AWS_UNAVAILABLE',
        `${what} gave ${who} no usable answer${tries} (${said}).`,
        "Nothing was decided on it, and a later tick tries again; if it stays, check the node's route to AWS " +
          `(NAT or the endpoint of ${action.service}).`,
        failure.cause,
      );
  }
}

/** An answer with something that AWS never says. The agent may read no fact from it. */
export class UnreadableAnswer extends Error {
  constructor(what: string) {
    super(what);
    this.name = 'UnreadableAnswer';
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : String(error);
}
