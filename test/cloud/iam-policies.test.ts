// SPDX-License-Identifier: Apache-2.0
/** What can't be held to is refused when it is put, never when it has let somebody in. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CreateRoleCommand, type IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateBucketCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { knownActions } from '../../cloud/iam/actions/tables.ts';
import { checkConditionKeys } from '../../cloud/iam/condition-keys.ts';
import { readPolicy } from '../../cloud/iam/policy.ts';
import { LocalAws, refused } from './local-aws.ts';
import { iamClient, policyText, TRUSTS_EC2 } from './roles.ts';

const ALLOW = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' } as const;

function why(kind: 'identity' | 'resource' | 'trust', document: unknown): string {
  try {
    checkConditionKeys(readPolicy('p', kind, document), knownActions());
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'nothing';
}

describe('identity policies', () => {
  const cases: [string, unknown, RegExp][] = [
    ['a right one', { Version: '2012-10-17', Statement: ALLOW }, /^nothing$/],
    ['no JSON', '{', /not JSON/],
    ['another version', { Version: '2020-01-01', Statement: ALLOW }, /no version "2020-01-01"/],
    ['no statement', { Version: '2012-10-17' }, /at least one statement/],
    ['an element of the document', { Statement: ALLOW, Note: 1 }, /the element Note is not known/],
    ['an element of a statement', { Statement: { ...ALLOW, Actions: 'a:b' } }, /p\/1: the element Actions/],
    ['an effect', { Statement: { ...ALLOW, Effect: 'allow' } }, /Effect is Allow or Deny/],
    ['no action', { Statement: { Effect: 'Allow', Resource: '*' } }, /Action or NotAction is missing/],
    ['both', { Statement: { ...ALLOW, NotAction: 's3:Get*' } }, /exclude each other/],
    ['no resource', { Statement: { Effect: 'Allow', Action: '*' } }, /Resource or NotResource is missing/],
    ['an action without its service', { Statement: { ...ALLOW, Action: 'GetObject' } }, /no action: service:Name/],
    ['a resource that is no ARN', { Statement: { ...ALLOW, Resource: 'bucket/*' } }, /must be in ARN format/],
    ['a principal', { Statement: { ...ALLOW, Principal: '*' } }, /names no principal/],
    ['a Sid', { Statement: { ...ALLOW, Sid: 'a-b' } }, /letters and digits/],
    [
      'a Sid twice',
      {
        Statement: [
          { ...ALLOW, Sid: 'A' },
          { ...ALLOW, Sid: 'A' },
        ],
      },
      /two statements are called p\/A/,
    ],
    ['an empty list', { Statement: { ...ALLOW, Action: [] } }, /Action is empty/],
    ['an operator', conditional({ BinaryEquals: { 'aws:userid': 'x' } }), /BinaryEquals is not known/],
    ['a misspelt operator', conditional({ StringEqual: { 'aws:userid': 'x' } }), /StringEqual is not known/],
    ['Null with IfExists', conditional({ NullIfExists: { 'aws:userid': 'true' } }), /neither IfExists nor/],
    ['a key of nobody', conditional({ StringEquals: { 'aws:usrid': 'x' } }), /condition key aws:usrid/],
    ['a key that the lab lacks', conditional({ IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }), /aws:SourceIp/],
    ['a key of other actions', conditional({ StringLike: { 's3:prefix': 'a/*' } }), /condition key s3:prefix/],
    ['a value', conditional({ NumericLessThan: { 'aws:EpochTime': 'soon' } }), /soon is no number/],
    ['a truth', conditional({ Bool: { 'aws:SecureTransport': 'yes' } }), /true or false, not yes/],
    ['a date', conditional({ DateLessThan: { 'aws:CurrentTime': 'tomorrow' } }), /tomorrow is no date/],
    ['an ARN', conditional({ ArnLike: { 'aws:PrincipalArn': 'role/node' } }), /role\/node is no ARN/],
    ['a variable', conditional({ StringEquals: { 'aws:userid': `\${nothing}` } }), /is no policy variable/],
    ['a variable without end', conditional({ StringEquals: { 'aws:userid': `\${aws:x` } }), /has no end/],
    ['a key of nobody in a variable', variable('aws:PrincipalTeam'), /condition key aws:PrincipalTeam/],
    ['a tag of the caller in a variable', variable('aws:PrincipalTag/team'), /^nothing$/],
    ['no quantifier', tags('StringEquals'), /ForAllValues or ForAnyValue says which/],
    ['a quantifier', tags('ForAllValues:StringEquals'), /^nothing$/],
  ];
  for (const [name, document, expected] of cases) test(name, () => assert.match(why('identity', document), expected));
});

function conditional(Condition: object) {
  return { Version: '2012-10-17', Statement: { ...ALLOW, Condition } };
}

function variable(key: string) {
  return { Version: '2012-10-17', Statement: { ...ALLOW, Resource: `arn:aws:s3:::bucket/\${${key}}/*` } };
}

function tags(operator: string) {
  return {
    Statement: {
      Effect: 'Allow',
      Action: 'ec2:CreateTags',
      Resource: '*',
      Condition: { [operator]: { 'aws:TagKeys': 'a' } },
    },
  };
}

describe('resource and trust policies', () => {
  const cases: [string, 'resource' | 'trust', unknown, RegExp][] = [
    ['a right one', 'resource', { Statement: { ...ALLOW, Principal: '*' } }, /^nothing$/],
    ['no principal', 'resource', { Statement: ALLOW }, /Principal or NotPrincipal is missing/],
    ['a wildcard in a principal', 'resource', principal({ AWS: 'arn:aws:iam::*:role/a' }), /Invalid principal/],
    ['a kind of principal', 'resource', principal({ Federated: 'x' }), /the element Federated is not known/],
    [
      'NotPrincipal with Allow',
      'resource',
      { Statement: { ...ALLOW, NotPrincipal: { AWS: '123456789012' } } },
      /NotPrincipal with Allow/,
    ],
    ['a right trust', 'trust', TRUSTS_EC2, /^nothing$/],
    [
      'a trust with a resource',
      'trust',
      { Statement: { ...TRUSTS_EC2.Statement[0], Resource: '*' } },
      /names no resource/,
    ],
  ];
  for (const [name, kind, document, expected] of cases) test(name, () => assert.match(why(kind, document), expected));
});

function principal(Principal: object) {
  return { Statement: { ...ALLOW, Principal } };
}

describe('putting them', () => {
  let aws: LocalAws;
  let iam: IAMClient;
  before(async () => {
    aws = await LocalAws.start();
    iam = iamClient(aws);
  });
  after(async () => {
    iam.destroy();
    await aws.close();
  });

  const wrong = { ...ALLOW, Condition: { StringEquals: { 'aws:usrid': 'x' } } } as const;

  test('on a role', async () => {
    const trust = { RoleName: 'node', AssumeRolePolicyDocument: JSON.stringify(TRUSTS_EC2) };
    const misspelt = { ...trust, AssumeRolePolicyDocument: '{"Statement": {"Effect": "Allow"}}' };
    await refused(iam.send(new CreateRoleCommand(misspelt)), 'MalformedPolicyDocumentException', /node\/1: Action/);
    await iam.send(new CreateRoleCommand(trust));
    const put = { RoleName: 'node', PolicyName: 'own' };
    const PolicyDocument = policyText(wrong);
    await refused(
      iam.send(new PutRolePolicyCommand({ ...put, PolicyDocument })),
      'MalformedPolicyDocumentException',
      /own\/1: no request for its actions carries the condition key aws:usrid here/,
    );
  });

  test('on a bucket', async () => {
    const { s3 } = aws.operator;
    await s3.send(new CreateBucketCommand({ Bucket: 'records' }));
    const Policy = policyText({ ...wrong, Principal: '*' });
    await refused(s3.send(new PutBucketPolicyCommand({ Bucket: 'records', Policy })), 'MalformedPolicy', /aws:usrid/);
  });
});
