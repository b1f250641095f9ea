// SPDX-License-Identifier: Apache-2.0
/** AWS as one of the nodes, with the credentials that its metadata service gives it. */
import assert from 'node:assert/strict';
import { labClients } from '../../../lab/aws-clients.ts';
import type { AwsClients } from '../../../tools/aws-clients.ts';
import type { TestLab } from './lab.ts';

interface RoleCredentials {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly Token: string;
}

/** The caller disposes of the clients. */
export async function awsAs(lab: TestLab, instance: string): Promise<AwsClients> {
  const { url } = lab.metadataOf(instance);
  const token = await text(`${url}/latest/api/token`, 'PUT', { 'X-aws-ec2-metadata-token-ttl-seconds': '60' });
  const read = (path: string): Promise<string> =>
    text(`${url}/latest/meta-data/iam/security-credentials/${path}`, 'GET', { 'X-aws-ec2-metadata-token': token });
  const found = JSON.parse(await read(await read(''))) as RoleCredentials;
  return labClients(lab.lab.aws.url, {
    accessKeyId: found.AccessKeyId,
    secretAccessKey: found.SecretAccessKey,
    sessionToken: found.Token,
  });
}

async function text(url: string, method: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const answer = await fetch(url, { method, headers });
  assert.equal(answer.status, 200, `${method} ${url}`);
  return answer.text();
}
