// SPDX-License-Identifier: Apache-2.0
/** AWS clients for the commands that people run. The SDK finds regions, credentials and endpoints in its usual way. */
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { EC2Client } from '@aws-sdk/client-ec2';
import { IAMClient } from '@aws-sdk/client-iam';
import { Route53Client } from '@aws-sdk/client-route-53';
import { S3Client } from '@aws-sdk/client-s3';

const MOST_ATTEMPTS = 5;
const CONNECT_TIMEOUT_MS = 5_000;
/** The limit of one attempt; no call of such a command takes nearly as long. */
const REQUEST_TIMEOUT_MS = 60_000;

export interface AwsClients extends Disposable {
  readonly cloudFormation: CloudFormationClient;
  readonly ec2: EC2Client;
  readonly autoScaling: AutoScalingClient;
  readonly iam: IAMClient;
  readonly logs: CloudWatchLogsClient;
  readonly route53: Route53Client;
  readonly s3: S3Client;
}

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

interface AwsClientSettings {
  readonly region?: string;
  /** The name of a profile in the AWS configuration files. */
  readonly profile?: string;
  /** Replaces the endpoint from the SDK's own settings, such as `AWS_ENDPOINT_URL`. */
  readonly endpoint?: string;
  readonly credentials?: AccessKey;
}

export function awsClients(settings: AwsClientSettings = {}): AwsClients {
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
  const route53 = new Route53Client(config);
  const s3 = new S3Client(config);
  const all = [cloudFormation, ec2, autoScaling, iam, logs, route53, s3];
  return {
    ...{ cloudFormation, ec2, autoScaling, iam, logs, route53, s3 },
    [Symbol.dispose]: () => {
      for (const client of all) client.destroy();
    },
  };
}
