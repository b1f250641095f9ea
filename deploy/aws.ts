/** The AWS clients of a deployment, with regions, credentials and endpoints as the SDK finds them. */
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { EC2Client } from '@aws-sdk/client-ec2';
import { IAMClient } from '@aws-sdk/client-iam';
import { S3Client } from '@aws-sdk/client-s3';
import { type Fault, faultOf } from '../src/aws/aws-errors.ts';
import { DeployError } from './errors.ts';

const MOST_ATTEMPTS = 5;
const CONNECT_TIMEOUT_MS = 5_000;
/** One attempt; no call of a deployment takes nearly as long. */
const REQUEST_TIMEOUT_MS = 60_000;

export interface DeployAws extends Disposable {
  readonly cloudFormation: CloudFormationClient;
  readonly ec2: EC2Client;
  readonly autoScaling: AutoScalingClient;
  readonly iam: IAMClient;
  readonly logs: CloudWatchLogsClient;
  readonly s3: S3Client;
}

export interface AwsSettings {
  readonly region?: string;
  /** A profile of the AWS configuration files. */
  readonly profile?: string;
  /** Instead of the SDK's own settings, such as `AWS_ENDPOINT_URL`. */
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export function awsClients(settings: AwsSettings = {}): DeployAws {
  const config = {
    ...settings,
    maxAttempts: MOST_ATTEMPTS,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
  };
  const cloudFormation = new CloudFormationClient(config);
  const ec2 = new EC2Client(config);
  const autoScaling = new AutoScalingClient(config);
  const iam = new IAMClient(config);
  const logs = new CloudWatchLogsClient(config);
  const s3 = new S3Client(config);
  const all = [cloudFormation, ec2, autoScaling, iam, logs, s3];
  return {
    ...{ cloudFormation, ec2, autoScaling, iam, logs, s3 },
    [Symbol.dispose]: () => {
      for (const client of all) client.destroy();
    },
  };
}

/** The region that all clients use; rejects with BAD_INPUT when none is set anywhere. */
export async function regionOf({ cloudFormation }: DeployAws): Promise<string> {
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
 * One call. `answers` turns an error of the service that is an answer (such as "not found") into one; every other error
 * becomes a DeployError that names the action, such as `EC2 DescribeVpcs`.
 */
export async function call<T>(
  action: string,
  signal: AbortSignal,
  send: (options: { abortSignal: AbortSignal }) => Promise<T>,
  answers?: (fault: Fault) => T | undefined,
): Promise<T> {
  signal.throwIfAborted();
  try {
    return await send({ abortSignal: signal });
  } catch (error) {
    signal.throwIfAborted();
    const fault = faultOf(error);
    const answer = answers?.(fault);
    if (answer !== undefined) return answer;
    throw callError(action, fault);
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function callError(action: string, fault: Fault): DeployError {
  const said = `${fault.code}: ${messageOf(fault.cause)}`;
  switch (fault.kind) {
    case 'no-credentials':
      return new DeployError(
        'NO_CREDENTIALS',
        `There are no credentials for AWS (${messageOf(fault.cause)}).`,
        'Log in, set AWS_PROFILE or give --profile, as for the AWS CLI.',
        fault.cause,
      );
    case 'denied':
      return new DeployError(
        'AWS_DENIED',
        `AWS denied ${action} (${said}).`,
        'Compare your permissions with those that docs/deploying.md lists for a person who deploys.',
        fault.cause,
      );
    case 'refused':
      return new DeployError(
        'AWS_REFUSED',
        `AWS refused ${action} (${said}).`,
        'Correct what the message names, then run this again.',
        fault.cause,
      );
    default:
      return new DeployError(
        'AWS_UNAVAILABLE',
        `${action} gave no usable answer (${said}).`,
        'Run this again; if it stays, check the way to AWS (network, proxy, AWS_ENDPOINT_URL).',
        fault.cause,
      );
  }
}
