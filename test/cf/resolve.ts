// SPDX-License-Identifier: Apache-2.0
/** Resolves the intrinsic functions of a part of a template, as CloudFormation would with these names. */
import assert from 'node:assert/strict';
import type { Json } from '../../cf/cloudformation.ts';

const STACK_ID = 'arn:aws:cloudformation:eu-west-1:123456789012:stack/orders/4f1c2a90-1111-2222-3333-444444444444';

export const CLUSTER = 'orders-4f1c2a90';
export const BUCKET_ARN = 'arn:aws:s3:::orders-bucket-1a2b3c';
export const ROLE_ARN = 'arn:aws:iam::123456789012:role/orders-Role-1A2B3C';

const NAMES: Readonly<Record<string, string>> = {
  'AWS::AccountId': '123456789012',
  'AWS::Partition': 'aws',
  'AWS::Region': 'eu-west-1',
  'AWS::StackId': STACK_ID,
  'AWS::StackName': 'orders',
  'AWS::URLSuffix': 'amazonaws.com',
  'Bucket.Arn': BUCKET_ARN,
  'Role.Arn': ROLE_ARN,
  InstanceRole: 'given-role',
};

export function resolve(value: Json, names: Readonly<Record<string, string>> = NAMES): Json {
  if (Array.isArray(value)) return value.map((part: Json) => resolve(part, names));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value as { [key: string]: Json });
  const [name, argument] = entries[0] ?? [];
  if (entries.length !== 1 || (name !== 'Ref' && !name?.startsWith('Fn::')) || argument === undefined) {
    return Object.fromEntries(entries.map(([key, part]) => [key, resolve(part, names)]));
  }
  if (name === 'Ref') return nameOf(String(argument), names);
  if (name === 'Fn::GetAtt') return nameOf((argument as string[]).join('.'), names);
  if (name === 'Fn::Sub') {
    const [text, variables] = Array.isArray(argument) ? argument : [argument, {}];
    const known = { ...names, ...(resolve(variables as Json, names) as Record<string, string>) };
    return String(text).replace(/\$\{(!?)([^}]+)\}/g, (_, escaped: string, inner: string) =>
      escaped === '!' ? `\${${inner}}` : nameOf(inner, known),
    );
  }
  const [first, second] = resolve(argument, names) as [Json, Json];
  if (name === 'Fn::Join') return (second as string[]).join(String(first));
  if (name === 'Fn::Split') return String(second).split(String(first));
  if (name === 'Fn::Select') return (second as string[])[Number(first)] ?? '';
  assert.fail(`${name} is not resolved here`);
}

function nameOf(name: string, names: Readonly<Record<string, string>>): string {
  const found = names[name];
  assert.ok(found !== undefined, `nothing is named ${name}`);
  return found;
}
