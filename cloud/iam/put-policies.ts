// SPDX-License-Identifier: Apache-2.0
/** Checks when a policy is put that the gateway can evaluate it, and not only when the policy is first used. */
import { AwsFailure } from '../failure.ts';
import { type Struct, textAt } from '../value.ts';
import { knownActions } from './actions/tables.ts';
import { checkConditionKeys } from './condition-keys.ts';
import { PolicyError, type PolicyKind, readPolicy } from './policy.ts';

/** The calls that put a policy: the member of their input, and the kind of the policy. */
const PUTTING: Readonly<Record<string, readonly [member: string, kind: PolicyKind, name: string]>> = {
  'iam.PutRolePolicy': ['PolicyDocument', 'identity', 'PolicyName'],
  'iam.CreatePolicy': ['PolicyDocument', 'identity', 'PolicyName'],
  'iam.CreatePolicyVersion': ['PolicyDocument', 'identity', 'PolicyArn'],
  'iam.CreateRole': ['AssumeRolePolicyDocument', 'trust', 'RoleName'],
  'iam.UpdateAssumeRolePolicy': ['PolicyDocument', 'trust', 'RoleName'],
  's3.PutBucketPolicy': ['Policy', 'resource', 'Bucket'],
};

/** Throws the service's refusal of a policy that the gateway can't enforce. */
export function checkPutPolicy(service: string, action: string, input: Struct): void {
  const [member, kind, named] = PUTTING[`${service}.${action}`] ?? [];
  if (member === undefined || kind === undefined || named === undefined) return;
  try {
    checkConditionKeys(readPolicy(textAt(input, named) ?? action, kind, textAt(input, member) ?? ''), knownActions());
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new AwsFailure(service === 's3' ? 'MalformedPolicy' : 'MalformedPolicyDocument', error.message);
  }
}
