// SPDX-License-Identifier: Apache-2.0
/** What every client of the SDK is made with. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unlogged } from '../../src/aws/clients.ts';
import * as sdk from '../../src/aws/sdk.ts';

const CLIENTS = [
  sdk.AutoScalingClient,
  sdk.CloudFormationClient,
  sdk.CloudWatchLogsClient,
  sdk.EC2Client,
  sdk.S3Client,
] as const;

for (const Client of CLIENTS) {
  test(`${Client.name} goes without the SDK's log, by the name that the SDK gives it`, () => {
    const client = new Client({ region: 'eu-central-1' });
    const logs = () => client.middlewareStack.identify().filter((name) => name.startsWith('loggerMiddleware'));
    assert.equal(logs().length, 1);
    unlogged(client);
    assert.deepEqual(logs(), []);
  });
}
