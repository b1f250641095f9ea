// SPDX-License-Identifier: Apache-2.0
import type { CallFailure } from '../src/aws/aws-errors.ts';
import { DeployError } from './errors.ts';

/** Each way in which AWS does not accept who calls, by its codes, with its own remedy. */
const REFUSALS: readonly { readonly codes: readonly string[]; readonly what: string; readonly next: string }[] = [
  {
    codes: ['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired'],
    what: 'The credentials have expired',
    next: 'Log in again, as for the AWS CLI ("aws sso login"), then run the same command again.',
  },
  {
    codes: ['SignatureDoesNotMatch', 'InvalidSignatureException'],
    what: 'The secret key does not belong to the access key',
    next: 'Copy both keys anew (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or those of the profile).',
  },
  {
    codes: ['InvalidClientTokenId', 'UnrecognizedClientException', 'InvalidAccessKeyId', 'AuthFailure', 'InvalidToken'],
    what: 'AWS does not know the access key in this region',
    next: 'Check the key or the profile, and that the region is enabled for the account and of its partition.',
  },
];

/** Undefined when the failure is about something else. */
export function credentialError({ code, cause }: CallFailure, said: string): DeployError | undefined {
  const refusal = REFUSALS.find(({ codes }) => codes.includes(code));
  if (refusal === undefined) return undefined;
  return new DeployError('NO_CREDENTIALS', `${refusal.what} (${said}).`, refusal.next, cause);
}

/** The system knows no host of that name, which most often is a region that does not exist. */
export function regionError({ cause }: CallFailure): DeployError | undefined {
  const { code, hostname } = Object(cause) as { code?: string; hostname?: string };
  if (code !== 'ENOTFOUND' || hostname === undefined) return undefined;
  return new DeployError(
    'AWS_UNAVAILABLE',
    `There is no host ${hostname}: either the region in it is not one of AWS, or no name can be resolved here.`,
    'Check --region, AWS_REGION or the profile for a mistyped name.',
    cause,
  );
}
