// SPDX-License-Identifier: Apache-2.0
/** The policy for a role that exists before the stack, and so before the stack's id is known. */
import type { Json } from './cloudformation.ts';
import { nodePolicy } from './node-policy.ts';
import type { PolicyDocument, Statement } from './policy.ts';
import type { TemplateOptions } from './template-options.ts';

/**
 * The nodes' policy with wildcards for values that only the stack has: region, account, and the eight digits of the
 * cluster's id. It covers every stack of that name. The policy that a stack makes covers only that stack. `further`:
 * what the kind of identity needs beside.
 */
export function givenRolePolicy(
  stackName: string,
  {
    zone,
    further = [],
    partition = 'aws',
  }: Pick<TemplateOptions, 'zone'> & {
    readonly further?: readonly Statement[];
    readonly partition?: string;
  } = {},
): PolicyDocument {
  const names: Readonly<Record<string, string>> = {
    'AWS::Partition': partition,
    'AWS::Region': '*',
    'AWS::AccountId': '*',
    'AWS::StackName': stackName,
    'AWS::StackId': `arn:${partition}:cloudformation:*:*:stack/${stackName}/*`,
    'Bucket.Arn': `arn:${partition}:s3:::${stackName.toLowerCase()}-bucket-*`,
    Cluster: `${stackName}-????????`,
  };
  const document = JSON.parse(JSON.stringify(nodePolicy(zone === undefined ? {} : { zone }, further))) as Json;
  return withWildcards(resolved(document, names)) as unknown as PolicyDocument;
}

/** Replaces the intrinsic functions in the nodes' policy with these values. */
function resolved(value: Json, names: Readonly<Record<string, string>>): Json {
  if (Array.isArray(value)) return value.map((part: Json) => resolved(part, names));
  if (typeof value !== 'object' || value === null) return value;
  const { Ref, 'Fn::Sub': text, 'Fn::GetAtt': attribute, 'Fn::Join': cluster } = value as { [key: string]: Json };
  if (typeof Ref === 'string') return nameOf(Ref, names);
  if (Array.isArray(attribute)) return nameOf(attribute.join('.'), names);
  if (cluster !== undefined) return nameOf('Cluster', names);
  const template = Array.isArray(text) ? text[0] : text;
  if (typeof template === 'string') {
    return template.replace(/\$\{(!?)([^}]+)\}/g, (_, escaped: string, name: string) =>
      escaped === '!' ? `\${${name}}` : nameOf(name, names),
    );
  }
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, resolved(part as Json, names)]));
}

function nameOf(name: string, names: Readonly<Record<string, string>>): string {
  const found = names[name];
  if (found === undefined) throw new Error(`The nodes' policy names ${name}, which has no wildcard.`);
  return found;
}

/** A value with wildcards needs an operator that understands them. */
function withWildcards(value: Json): Json {
  if (Array.isArray(value)) return value.map(withWildcards);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value as { [key: string]: Json }).map(([key, part]): [string, Json] => [
    key === 'StringEquals' ? 'StringLike' : key,
    withWildcards(part),
  ]);
  return Object.fromEntries(entries);
}
