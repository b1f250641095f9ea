// SPDX-License-Identifier: Apache-2.0
/** Roles for instances, made with IAM's own calls, and the clients of the instances that have them. */
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import type { LocalAws } from './local-aws.ts';

export const ACCOUNT = '123456789012';
export const TRUSTS_EC2 = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};

export interface StatementJson {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly [element: string]: unknown;
}

export function policyText(...statements: readonly StatementJson[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

/** IAM as this caller; closed by whoever asks for it. */
export function iamClient(aws: LocalAws, accessKeyId = 'AKIAOPERATOR'): IAMClient {
  // Registers the key.
  aws.as('operator');
  return new IAMClient({
    endpoint: aws.cloud.url,
    region: aws.cloud.region,
    credentials: { accessKeyId, secretAccessKey: 'not-checked' },
    maxAttempts: 1,
  });
}

export interface NewRole {
  readonly name: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly trust?: object;
}

/** A role with one inline policy, `own`, in a profile of the same name. */
export async function makeRole(
  iam: IAMClient,
  role: NewRole,
  ...statements: readonly StatementJson[]
): Promise<string> {
  const { name } = role;
  const Tags = Object.entries(role.tags ?? {}).map(([Key, Value]) => ({ Key, Value }));
  const AssumeRolePolicyDocument = JSON.stringify(role.trust ?? TRUSTS_EC2);
  await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument, Tags }));
  await putPolicy(iam, name, ...statements);
  await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: name }));
  await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: name, RoleName: name }));
  return name;
}

export async function putPolicy(iam: IAMClient, role: string, ...statements: readonly StatementJson[]): Promise<void> {
  const PolicyDocument = policyText(...statements);
  await iam.send(new PutRolePolicyCommand({ RoleName: role, PolicyName: 'own', PolicyDocument }));
}
