// SPDX-License-Identifier: Apache-2.0
/** How a person's command handles the answers of AWS. */
import { type CallFailure, callFailureOf } from '../src/aws/aws-errors.ts';
import type { AwsClients } from '../tools/aws-clients.ts';
import { credentialError, regionError } from './credential-errors.ts';
import { DeployError } from './errors.ts';

/** The region that all clients use. Rejects with BAD_INPUT when no region is set anywhere. */
export async function regionOf({ cloudFormation }: AwsClients): Promise<string> {
  try {
    return await cloudFormation.config.region();
  } catch (error) {
    throw new DeployError(
      'BAD_INPUT',
      'No AWS region is set.',
      'Give --region, set AWS_REGION, or write a region into the profile.',
      error,
    );
  }
}

/**
 * One call. `answers` turns an error that is really an answer (such as "not found") into a result. Every other error
 * becomes a DeployError that names the action, such as `EC2 DescribeVpcs`.
 */
export async function call<T>(
  action: string,
  signal: AbortSignal,
  send: (options: { abortSignal: AbortSignal }) => Promise<T>,
  answers?: (failure: CallFailure) => T | undefined,
): Promise<T> {
  signal.throwIfAborted();
  try {
    return await send({ abortSignal: signal });
  } catch (error) {
    signal.throwIfAborted();
    const failure = callFailureOf(error);
    const answer = answers?.(failure);
    if (answer !== undefined) return answer;
    throw callError(action, failure);
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function callError(action: string, failure: CallFailure): DeployError {
  const said = `${failure.code}: ${messageOf(failure.cause)}`;
  const known = credentialError(failure, said) ?? regionError(failure);
  if (known !== undefined) return known;
  switch (failure.kind) {
    case 'no-credentials':
      return new DeployError(
        'NO_CREDENTIALS',
        `There are no credentials for AWS (${messageOf(failure.cause)}).`,
        'Log in, set AWS_PROFILE or give --profile, as for the AWS CLI.',
        failure.cause,
      );
    case 'denied':
      return new DeployError(
        'AWS_DENIED',
        `AWS denied ${action} (${said}).`,
        'Compare your permissions with those that docs/deploying.md lists for a person who deploys.',
        failure.cause,
      );
    case 'refused':
      return new DeployError(
        'AWS_REFUSED',
        `AWS refused ${action} (${said}).`,
        'Correct what the message names, then run this again.',
        failure.cause,
      );
    default:
      return new DeployError(
        'AWS_UNAVAILABLE',
        `${action} gave no usable answer (${said}).`,
        'Run this again; if it stays, check the way to AWS (network, proxy, AWS_ENDPOINT_URL).',
        failure.cause,
      );
  }
}
