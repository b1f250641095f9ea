// SPDX-License-Identifier: Apache-2.0
/** Clients of the lab's local AWS. */
import { type AccessKey, type AwsClients, awsClients } from '../tools/aws-clients.ts';

export const REGION = 'eu-west-1';

/** The clients of one caller. */
export function labClients(endpoint: string, credentials: AccessKey): AwsClients {
  return awsClients({ region: REGION, endpoint, credentials });
}
