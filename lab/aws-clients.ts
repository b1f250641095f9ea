/** Clients of the lab's AWS. */
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { EC2Client } from '@aws-sdk/client-ec2';
import { S3Client } from '@aws-sdk/client-s3';

export const REGION = 'eu-west-1';

export interface Aws extends Disposable {
  readonly ec2: EC2Client;
  readonly autoScaling: AutoScalingClient;
  readonly cloudFormation: CloudFormationClient;
  readonly logs: CloudWatchLogsClient;
  readonly s3: S3Client;
}

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Clients for one caller. */
export function awsClients(endpoint: string, credentials: AccessKey): Aws {
  const settings = { region: REGION, endpoint, credentials, maxAttempts: 4 };
  const ec2 = new EC2Client(settings);
  const autoScaling = new AutoScalingClient(settings);
  const cloudFormation = new CloudFormationClient(settings);
  const logs = new CloudWatchLogsClient(settings);
  const s3 = new S3Client({ ...settings, forcePathStyle: true });
  return {
    ec2,
    autoScaling,
    cloudFormation,
    logs,
    s3,
    [Symbol.dispose]: () => {
      for (const client of [ec2, autoScaling, cloudFormation, logs, s3]) client.destroy();
    },
  };
}
