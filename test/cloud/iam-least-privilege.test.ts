// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AccessRecord } from '../../cloud/iam/access-record.ts';
import { type ContextValue, contextOf } from '../../cloud/iam/context.ts';
import { evaluate } from '../../cloud/iam/evaluate.ts';
import { readPolicy } from '../../cloud/iam/policy.ts';
import { type PoliciesInForce, unneededParts, unusedActions, usesOfParts } from './least-privilege.ts';

const PRINCIPAL = {
  arn: 'arn:aws:sts::123456789012:assumed-role/node/i-1',
  identityArn: 'arn:aws:iam::123456789012:role/node',
  account: '123456789012',
};
type Call = readonly [action: string, resource: string, context?: Readonly<Record<string, ContextValue>>];

function inForce(identity: readonly object[], bucket?: readonly object[]): PoliciesInForce {
  const own = readPolicy('own', 'identity', { Version: '2012-10-17', Statement: identity });
  if (bucket === undefined) return { identity: [own] };
  return { identity: [own], bucket: readPolicy('bucket', 'resource', { Version: '2012-10-17', Statement: bucket }) };
}

/** The record of these calls under these policies. */
function recorded(policies: PoliciesInForce, calls: readonly Call[]) {
  const record = new AccessRecord();
  for (const [action, resource, context = {}] of calls) {
    const request = { principal: PRINCIPAL, action, resource, context: contextOf(context) };
    record.add(request, evaluate(request, policies.identity, policies.bucket));
  }
  return record.list();
}

const unneeded = (policies: PoliciesInForce, calls: readonly Call[]) =>
  unneededParts(recorded(policies, calls), policies).map(
    ({ statement, element, text }) => `${statement} ${element} ${text}`,
  );

const OBJECT = 'arn:aws:s3:::records/orders/claims/7.1.json';
const RECORDS = {
  Sid: 'Records',
  Effect: 'Allow',
  Action: ['s3:GetObject', 's3:PutObject'],
  Resource: ['arn:aws:s3:::records/orders/claims/*', 'arn:aws:s3:::records/orders/dead/*'],
};
const LIST = {
  Sid: 'List',
  Effect: 'Allow',
  Action: 's3:ListBucket',
  Resource: '*',
  Condition: { StringLike: { 's3:prefix': ['orders/claims/*', 'orders/dead/*'] } },
};

describe('what a record needs of a policy', () => {
  test('every action, resource and value that some call used', () => {
    const policies = inForce([RECORDS, LIST]);
    const calls: Call[] = [
      ['s3:GetObject', OBJECT],
      ['s3:PutObject', 'arn:aws:s3:::records/orders/dead/i-1'],
      ['s3:ListBucket', 'arn:aws:s3:::records', { 's3:prefix': 'orders/claims/' }],
      ['s3:ListBucket', 'arn:aws:s3:::records', { 's3:prefix': 'orders/dead/' }],
    ];
    assert.deepEqual(unneeded(policies, calls), []);
    assert.deepEqual(unneeded(policies, calls.slice(0, 3)), ['own/List Condition StringLike s3:prefix orders/dead/*']);
    assert.deepEqual(unneeded(policies, calls.slice(1)), [
      'own/Records Action s3:GetObject',
      'own/Records Resource arn:aws:s3:::records/orders/claims/*',
    ]);
  });

  test('what it was needed for is told', () => {
    const policies = inForce([RECORDS]);
    const uses = usesOfParts(recorded(policies, [['s3:PutObject', OBJECT]]), policies);
    const used = uses.flatMap(({ text, neededFor }) => (neededFor === undefined ? [] : [[text, neededFor.resource]]));
    assert.deepEqual(used, [
      ['s3:PutObject', OBJECT],
      ['arn:aws:s3:::records/orders/claims/*', OBJECT],
    ]);
  });

  test('nothing of two statements that allow the same', () => {
    const twice = { ...RECORDS, Sid: 'Again', Action: 's3:*', Resource: '*' };
    const policies = inForce([{ ...RECORDS, Action: 's3:GetObject' }, twice]);
    assert.equal(unneeded(policies, [['s3:GetObject', OBJECT]]).length, 5);
  });

  test('a Deny is needed when it denied something, each part of it', () => {
    const CreatedOnce = {
      Sid: 'CreatedOnce',
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:PutObject',
      Resource: ['arn:aws:s3:::records/orders/claims/*', 'arn:aws:s3:::records/orders/dead/*'],
      Condition: { Null: { 's3:if-none-match': 'true' } },
    };
    const policies = inForce([{ ...RECORDS, Resource: '*' }], [CreatedOnce]);
    const calls: Call[] = [
      ['s3:GetObject', OBJECT],
      ['s3:PutObject', OBJECT, { 's3:if-none-match': '*' }],
    ];
    assert.deepEqual(unneeded(policies, calls).length, 4);
    assert.deepEqual(unneeded(policies, [...calls, ['s3:PutObject', OBJECT]]), [
      'bucket/CreatedOnce Resource arn:aws:s3:::records/orders/dead/*',
    ]);
  });

  test('what NotAction spares is needed by who is spared', () => {
    const only = {
      Sid: 'Only',
      Effect: 'Deny',
      Principal: '*',
      NotAction: ['s3:GetObject', 's3:PutObject'],
      Resource: '*',
    };
    const policies = inForce([{ ...RECORDS, Action: 's3:*', Resource: '*' }], [only]);
    assert.deepEqual(unneeded(policies, [['s3:GetObject', OBJECT]]), [
      'bucket/Only NotAction s3:PutObject',
      'bucket/Only Resource *',
    ]);
  });

  test('a variable that made the difference counts as its condition', () => {
    const arn = (id: string) => `arn:aws:ec2:eu-west-1:123456789012:instance/${id}`;
    const itself = {
      Sid: 'Itself',
      Effect: 'Allow',
      Action: 'ec2:CreateTags',
      Resource: 'arn:aws:ec2:*:*:instance/*',
      Condition: { ArnEquals: { 'ec2:SourceInstanceARN': `arn:aws:ec2:*:*:instance/\${ec2:InstanceID}` } },
    };
    const policies = inForce([itself]);
    const context = { 'ec2:InstanceID': 'i-1', 'ec2:SourceInstanceARN': arn('i-1') };
    assert.deepEqual(unneeded(policies, [['ec2:CreateTags', arn('i-1'), context]]), []);
    assert.equal(
      unneeded(policies, [['ec2:CreateTags', arn('i-2'), { ...context, 'ec2:InstanceID': 'i-2' }]]).length,
      3,
    );
  });

  test('policies that deny what is recorded as allowed are not those of the record', () => {
    const record = recorded(inForce([RECORDS]), [['s3:GetObject', OBJECT]]);
    assert.throws(() => usesOfParts(record, inForce([LIST])), /these policies deny s3:GetObject on .*7\.1\.json/);
  });
});

test('actions that a wildcard allows and nobody took', () => {
  const policies = inForce([{ Effect: 'Allow', Action: ['s3:*Object', 'ec2:DescribeTags'], Resource: '*' }]);
  const record = recorded(policies, [
    ['s3:GetObject', OBJECT],
    ['ec2:CreateTags', '*'],
  ]);
  const known = [
    's3:GetObject',
    's3:PutObject',
    's3:DeleteObject',
    's3:ListBucket',
    'ec2:CreateTags',
    'ec2:DescribeTags',
  ];
  assert.deepEqual(unusedActions(record, policies, known), ['ec2:DescribeTags', 's3:DeleteObject', 's3:PutObject']);
});

test('a record counts what is the same, and can be written and read', () => {
  const policies = inForce([RECORDS]);
  const at = (seconds: number) => ({ 'aws:EpochTime': seconds, 'aws:CurrentTime': `${seconds}`, 'aws:userid': 'a' });
  const record = recorded(policies, [
    ['s3:GetObject', OBJECT, at(1)],
    ['s3:GetObject', OBJECT, at(2)],
  ]);
  assert.deepEqual([record.length, record[0]?.times, record[0]?.context], [1, 2, { 'aws:userid': ['a'] }]);
  assert.deepEqual(unneededParts(JSON.parse(JSON.stringify(record)), policies), unneededParts(record, policies));
});
