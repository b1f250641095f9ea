// SPDX-License-Identifier: Apache-2.0
/** Small cases after the IAM User Guide: evaluation logic, operators, several values, variables, principals. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ContextValue, contextOf } from '../../cloud/iam/context.ts';
import { type Evaluation, evaluate, mayAssume, type Principal } from '../../cloud/iam/evaluate.ts';
import { readPolicy } from '../../cloud/iam/policy.ts';

const ACCOUNT = '123456789012';
const SESSION: Principal = {
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/node/i-1`,
  identityArn: `arn:aws:iam::${ACCOUNT}:role/node`,
  account: ACCOUNT,
};
const OBJECT = 'arn:aws:s3:::records/orders/claims/7.1.json';

type StatementJson = Readonly<Record<string, unknown>>;
type ContextJson = Readonly<Record<string, ContextValue>>;

function decide(
  statements: StatementJson | readonly StatementJson[],
  request: { action?: string; resource?: string; context?: ContextJson; version?: string } = {},
  bucket?: StatementJson,
): Evaluation {
  const { action = 's3:PutObject', resource = OBJECT, context = {}, version = '2012-10-17' } = request;
  const policy = readPolicy('role', 'identity', { Version: version, Statement: statements });
  const ofBucket = bucket && readPolicy('bucket', 'resource', { Version: version, Statement: bucket });
  return evaluate({ principal: SESSION, action, resource, context: contextOf(context) }, [policy], ofBucket);
}

const ALLOW = { Effect: 'Allow', Action: '*', Resource: '*' };

describe('allow and deny', () => {
  const DENY = { Effect: 'Deny', Action: 's3:Put*', Resource: '*' };
  const BUCKET_DENY = { ...DENY, Principal: '*' };
  const BUCKET_ALLOW = { ...ALLOW, Principal: { AWS: SESSION.identityArn } };
  const NOTHING = { Effect: 'Allow', Action: 'ec2:*', Resource: '*' };
  const cases: [string, StatementJson | StatementJson[], StatementJson | undefined, Evaluation['because']][] = [
    ['nothing speaks of it', NOTHING, undefined, 'not-allowed'],
    ['an identity policy allows', ALLOW, undefined, 'allowed'],
    ['an explicit deny wins', [ALLOW, DENY], undefined, 'denied-by-identity'],
    ['whatever the order', [DENY, ALLOW], undefined, 'denied-by-identity'],
    ["the bucket's deny wins over the role's allow", ALLOW, BUCKET_DENY, 'denied-by-resource'],
    ["the bucket's allow is enough within the account", NOTHING, BUCKET_ALLOW, 'allowed'],
    ["the role's deny wins over the bucket's allow", DENY, BUCKET_ALLOW, 'denied-by-identity'],
    ['a deny for something else', [ALLOW, { ...DENY, Action: 's3:Get*' }], undefined, 'allowed'],
  ];
  for (const [name, identity, bucket, because] of cases) {
    test(name, () => assert.equal(decide(identity, {}, bucket).because, because));
  }

  test('a decision names the statements that made it and the keys that they looked at', () => {
    const own = { ...ALLOW, Sid: 'Own', Resource: `arn:aws:s3:::records/\${aws:PrincipalTag/team}/*` };
    const secure = { ...ALLOW, Sid: 'Secure', Condition: { Bool: { 'aws:SecureTransport': 'true' } } };
    const context = { 'aws:PrincipalTag/team': 'orders', 'aws:SecureTransport': true };
    const decision = decide([own, secure, NOTHING], { context });
    assert.deepEqual(decision.statements, ['role/Own', 'role/Secure']);
    assert.deepEqual(decision.keys, ['aws:principaltag/team', 'aws:securetransport']);
  });
});

describe('actions', () => {
  const cases: [string, StatementJson, string, boolean][] = [
    ['the same', { Action: 's3:PutObject' }, 's3:PutObject', true],
    ['the case of letters does not count', { Action: 'S3:putobject' }, 's3:PutObject', true],
    ['* is any text', { Action: 's3:*Object' }, 's3:PutObject', true],
    ['? is one sign', { Action: 's3:?utObject' }, 's3:PutObject', true],
    ['? is not none', { Action: 's3:?PutObject' }, 's3:PutObject', false],
    ['a beginning is not all', { Action: 's3:Put' }, 's3:PutObject', false],
    ['another service', { Action: 'ec2:*' }, 's3:PutObject', false],
    ['one of several', { Action: ['s3:GetObject', 's3:PutObject'] }, 's3:PutObject', true],
    ['NotAction of another', { NotAction: 's3:GetObject' }, 's3:PutObject', true],
    ['NotAction of this', { NotAction: ['s3:Get*', 's3:Put*'] }, 's3:PutObject', false],
  ];
  for (const [name, element, action, allowed] of cases) {
    test(name, () => assert.equal(decide({ Effect: 'Allow', Resource: '*', ...element }, { action }).allowed, allowed));
  }
});

describe('resources', () => {
  const group = `arn:aws:autoscaling:eu-west-1:${ACCOUNT}:autoScalingGroup:0-1:autoScalingGroupName/orders-Group-X`;
  const cases: [string, StatementJson, string, boolean][] = [
    ['the same', { Resource: OBJECT }, OBJECT, true],
    ['* is any text, slashes too', { Resource: 'arn:aws:s3:::records/*' }, OBJECT, true],
    ['case counts', { Resource: 'arn:aws:s3:::RECORDS/*' }, OBJECT, false],
    ['the bucket is not its objects', { Resource: 'arn:aws:s3:::records' }, OBJECT, false],
    ['a wildcard within one part', { Resource: 'arn:*:s3:::rec?rds/*' }, OBJECT, true],
    ['none reaches over a colon', { Resource: 'arn:aws:*:::x' }, `arn:aws:s3:eu-west-1:${ACCOUNT}::x`, false],
    ['but in the last part', { Resource: 'arn:aws:autoscaling:*:*:autoScalingGroup:*/orders-*' }, group, true],
    ['a sign of patterns is itself', { Resource: 'arn:aws:s3:::a.c/*' }, 'arn:aws:s3:::abc/x', false],
    ['* fits what is about no resource', { Resource: '*' }, '*', true],
    ['an ARN does not', { Resource: 'arn:aws:ec2:*:*:instance/*' }, '*', false],
    ['NotResource of another', { NotResource: 'arn:aws:s3:::other/*' }, OBJECT, true],
    ['NotResource of this', { NotResource: 'arn:aws:s3:::records/*' }, OBJECT, false],
  ];
  for (const [name, element, resource, allowed] of cases) {
    test(name, () => {
      assert.equal(decide({ Effect: 'Allow', Action: '*', ...element }, { resource }).allowed, allowed);
    });
  }
});

describe('condition operators', () => {
  const arn = `arn:aws:ec2:eu-west-1:${ACCOUNT}:instance/i-1`;
  const cases: [operator: string, wanted: unknown, given: ContextValue, holds: boolean][] = [
    ['StringEquals', 'a', 'a', true],
    ['StringEquals', 'a', 'A', false],
    ['StringEquals', 'a*', 'ab', false],
    ['StringEquals', ['a', 'b'], 'b', true],
    ['StringNotEquals', 'a', 'b', true],
    ['StringNotEquals', ['a', 'b'], 'b', false],
    ['StringEqualsIgnoreCase', 'ABC', 'abc', true],
    ['StringNotEqualsIgnoreCase', 'ABC', 'abc', false],
    ['StringLike', 'orders/*', 'orders/claims/7', true],
    ['StringLike', 'orders/?', 'orders/12', false],
    ['StringLike', 'Orders/*', 'orders/1', false],
    ['StringNotLike', 'orders/*', 'billing/1', true],
    ['NumericEquals', 10, '10.0', true],
    ['NumericNotEquals', '10', '11', true],
    ['NumericLessThan', '10', '10', false],
    ['NumericLessThanEquals', '10', '10', true],
    ['NumericGreaterThan', '10', '11', true],
    ['NumericGreaterThanEquals', '10', '9', false],
    ['NumericEquals', '10', 'ten', false],
    ['DateGreaterThan', '2024-01-01T00:00:00Z', '2024-06-01T00:00:00Z', true],
    ['DateLessThan', '2024-01-01T00:00:00Z', '2024-06-01T00:00:00Z', false],
    ['DateEquals', '1704067200', '2024-01-01T00:00:00Z', true],
    ['DateNotEquals', '2024-01-01T00:00:00Z', '2024-01-01T00:00:00Z', false],
    ['DateGreaterThanEquals', '2024-01-01T00:00:00Z', '1704067200', true],
    ['DateLessThanEquals', '2024-01-01T00:00:00Z', '1704067201', false],
    ['Bool', true, 'true', true],
    ['Bool', 'false', 'true', false],
    ['IpAddress', '10.0.0.0/8', '10.1.2.3', true],
    ['IpAddress', '10.0.0.1', '10.0.0.2', false],
    ['IpAddress', ['2001:db8::/32', '10.0.0.0/8'], '2001:db8::1', true],
    ['NotIpAddress', '10.0.0.0/8', '11.1.2.3', true],
    ['ArnEquals', 'arn:aws:ec2:*:*:instance/i-?', arn, true],
    ['ArnLike', 'arn:aws:ec2:*:*:instance/i-2', arn, false],
    ['ArnLike', 'arn:aws:*:instance/i-1', arn, false],
    ['ArnNotEquals', 'arn:aws:ec2:*:*:instance/i-2', arn, true],
    ['ArnNotLike', 'arn:aws:ec2:*:*:instance/*', arn, false],
    ['Null', 'true', undefined, true],
    ['Null', 'true', 'x', false],
    ['Null', 'false', 'x', true],
    ['Null', false, undefined, false],
    // A key that the request does not carry.
    ['StringEquals', 'a', undefined, false],
    ['StringLike', '*', undefined, false],
    ['StringNotEquals', 'a', undefined, true],
    ['NotIpAddress', '10.0.0.0/8', undefined, true],
    ['NumericLessThan', '10', undefined, false],
    ['StringEqualsIfExists', 'a', undefined, true],
    ['StringEqualsIfExists', 'a', 'b', false],
    ['StringLikeIfExists', 'a*', 'ab', true],
    ['BoolIfExists', 'true', undefined, true],
    // Several values in the request.
    ['ForAllValues:StringEquals', ['a', 'b'], ['a'], true],
    ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'c'], false],
    ['ForAllValues:StringEquals', ['a'], [], true],
    ['ForAllValues:StringEquals', ['a'], undefined, true],
    ['ForAllValues:StringNotEquals', ['a'], ['b', 'c'], true],
    ['ForAllValues:StringNotEquals', ['a'], ['b', 'a'], false],
    ['ForAllValues:StringLike', ['zookeeper_*'], ['zookeeper_id', 'zookeeper_x'], true],
    ['ForAnyValue:StringEquals', ['a', 'b'], ['x', 'b'], true],
    ['ForAnyValue:StringEquals', ['a', 'b'], ['x'], false],
    ['ForAnyValue:StringEquals', ['a'], undefined, false],
    ['ForAnyValue:StringEquals', ['a'], [], false],
    ['ForAnyValue:StringNotEquals', ['a'], ['a', 'b'], true],
    ['ForAnyValue:StringEqualsIfExists', ['a'], undefined, false],
  ];
  for (const [operator, wanted, given, holds] of cases) {
    test(`${operator} ${JSON.stringify(wanted)} of ${JSON.stringify(given)}: ${holds}`, () => {
      const statement = { ...ALLOW, Condition: { [operator]: { 'test:Key': wanted } } };
      assert.equal(decide(statement, { context: { 'TEST:key': given } }).allowed, holds);
    });
  }

  test('all conditions must hold, of one value or another each', () => {
    const Condition = { StringEquals: { 'a:x': ['1', '2'], 'a:y': '1' }, StringLike: { 'a:z': 'z*' } };
    const decided = (context: ContextJson) => decide({ ...ALLOW, Condition }, { context }).allowed;
    assert.equal(decided({ 'a:x': '2', 'a:y': '1', 'a:z': 'zz' }), true);
    assert.equal(decided({ 'a:x': '3', 'a:y': '1', 'a:z': 'zz' }), false);
    assert.equal(decided({ 'a:x': '2', 'a:y': '1', 'a:z': 'y' }), false);
    assert.equal(decided({ 'a:x': '2', 'a:y': '1' }), false);
  });
});

describe('policy variables', () => {
  const instance = (id: string) => `arn:aws:ec2:eu-west-1:${ACCOUNT}:instance/${id}`;
  const itself = {
    Effect: 'Allow',
    Action: 'ec2:CreateTags',
    Resource: 'arn:aws:ec2:*:*:instance/*',
    Condition: { ArnEquals: { 'ec2:SourceInstanceARN': `arn:aws:ec2:*:*:instance/\${ec2:InstanceID}` } },
  };
  const tags = (id: string, from: string, version = '2012-10-17') =>
    decide(itself, {
      action: 'ec2:CreateTags',
      resource: instance(id),
      context: { 'ec2:InstanceID': id, 'ec2:SourceInstanceARN': instance(from) },
      version,
    }).allowed;

  test('in a condition: an instance that tags itself, and one that tags another', () => {
    assert.equal(tags('i-1', 'i-1'), true);
    assert.equal(tags('i-2', 'i-1'), false);
  });

  test('version 2008-10-17 has none', () => assert.equal(tags('i-1', 'i-1', '2008-10-17'), false));

  test("a value's own signs are no wildcards", () => {
    const own = { ...ALLOW, Resource: `arn:aws:s3:::records/\${aws:PrincipalTag/team}/*` };
    const resource = 'arn:aws:s3:::records/orders/1';
    const decided = (team: ContextValue) =>
      decide(own, { resource, context: { 'aws:PrincipalTag/team': team } }).allowed;
    assert.equal(decided('orders'), true);
    assert.equal(decided('*'), false);
    assert.equal(decided('order?'), false);
    assert.equal(decided(undefined), false);
    assert.equal(decided(['orders', 'billing']), false);
  });

  test('with a default; signs as themselves', () => {
    const own = { ...ALLOW, Resource: `arn:aws:s3:::records/\${aws:PrincipalTag/team, 'common'}/*` };
    assert.equal(decide(own, { resource: 'arn:aws:s3:::records/common/1' }).allowed, true);
    const star = { ...ALLOW, Resource: `arn:aws:s3:::records/\${*}\${$}\${?}` };
    assert.equal(decide(star, { resource: 'arn:aws:s3:::records/*$?' }).allowed, true);
    assert.equal(decide(star, { resource: 'arn:aws:s3:::records/a$b' }).allowed, false);
  });

  test('one without a value: no Allow applies, and a Deny does', () => {
    const Condition = { StringNotEquals: { 'aws:ResourceTag/team': `\${aws:PrincipalTag/team}` } };
    const context = { 'aws:ResourceTag/team': 'orders' };
    assert.equal(decide({ ...ALLOW, Condition }, { context }).because, 'not-allowed');
    assert.equal(decide([ALLOW, { ...ALLOW, Effect: 'Deny', Condition }], { context }).because, 'denied-by-identity');
    const others = { Action: '*', NotResource: `arn:aws:s3:::records/\${aws:PrincipalTag/team}/*` };
    assert.equal(decide({ Effect: 'Allow', ...others }).because, 'not-allowed');
    assert.equal(decide([ALLOW, { Effect: 'Deny', ...others }]).because, 'denied-by-identity');
  });
});

describe('principals of a resource policy', () => {
  const NOTHING = { Effect: 'Allow', Action: 'ec2:*', Resource: '*' };
  const root = `arn:aws:iam::${ACCOUNT}:root`;
  const other = `arn:aws:iam::${ACCOUNT}:role/other`;
  const cases: [string, StatementJson, allows: boolean, denies: boolean][] = [
    ['everybody', { Principal: '*' }, true, true],
    ['everybody of AWS', { Principal: { AWS: '*' } }, true, true],
    ['the role', { Principal: { AWS: SESSION.identityArn } }, true, true],
    ["the role's session", { Principal: { AWS: [other, SESSION.arn] } }, true, true],
    ['the account, which leaves it to its own policies', { Principal: { AWS: root } }, false, true],
    ['the account by its number', { Principal: { AWS: ACCOUNT } }, false, true],
    ['another role', { Principal: { AWS: other } }, false, false],
    ['a service', { Principal: { Service: 'ec2.amazonaws.com' } }, false, false],
  ];
  for (const [name, principal, allows, denies] of cases) {
    test(name, () => {
      assert.equal(decide(NOTHING, {}, { ...ALLOW, ...principal }).allowed, allows);
      assert.equal(decide(ALLOW, {}, { ...ALLOW, ...principal, Effect: 'Deny' }).allowed, !denies);
    });
  }

  test('NotPrincipal spares those that it names', () => {
    const deny = (aws: string) => ({ ...ALLOW, Effect: 'Deny', NotPrincipal: { AWS: aws } });
    assert.equal(decide(ALLOW, {}, deny(SESSION.identityArn)).allowed, true);
    assert.equal(decide(ALLOW, {}, deny(other)).allowed, false);
  });
});

test('who may assume a role', () => {
  const trust = (statement: StatementJson | StatementJson[]) =>
    mayAssume(readPolicy('trust', 'trust', { Statement: statement }), 'ec2.amazonaws.com', contextOf({}));
  const ec2 = { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' };
  assert.equal(trust(ec2), true);
  assert.equal(trust({ ...ec2, Principal: { Service: 'lambda.amazonaws.com' } }), false);
  assert.equal(trust({ ...ec2, Principal: { AWS: '*' } }), false);
  assert.equal(trust({ ...ec2, Action: 'sts:TagSession' }), false);
  assert.equal(trust([ec2, { ...ec2, Effect: 'Deny' }]), false);
});
