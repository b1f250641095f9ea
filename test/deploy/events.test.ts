// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceStatus, StackEvent } from '@aws-sdk/client-cloudformation';
import { adviceFor, eventLine, firstCause, toneOf } from '../../deploy/events.ts';
import { progressLine } from '../../deploy/follow.ts';

const STACK = 'arn:aws:cloudformation:eu-west-1:123456789012:stack/orders/4f1c2a90-1111-2222-3333-444455556666';
const AT_MS = Date.UTC(2026, 0, 2, 3, 4, 5);

function event(LogicalResourceId: string, ResourceStatus: ResourceStatus, ResourceStatusReason?: string): StackEvent {
  const own = LogicalResourceId === 'orders';
  return {
    StackId: STACK,
    StackName: 'orders',
    EventId: `${LogicalResourceId}-${ResourceStatus}`,
    LogicalResourceId,
    PhysicalResourceId: own ? STACK : `${LogicalResourceId.toLowerCase()}-1`,
    ResourceType: own ? 'AWS::CloudFormation::Stack' : `AWS::Test::${LogicalResourceId}`,
    ResourceStatus,
    Timestamp: new Date(AT_MS + 12_340),
    ...(ResourceStatusReason === undefined ? {} : { ResourceStatusReason }),
  };
}

/** A creation that fails, as CloudFormation tells it: two cancelled bystanders, then the stack's own summary. */
const FAILED_CREATION: readonly StackEvent[] = [
  event('orders', 'CREATE_IN_PROGRESS', 'User Initiated'),
  event('Bucket', 'CREATE_IN_PROGRESS'),
  event('Role', 'CREATE_IN_PROGRESS'),
  event('LogGroup', 'CREATE_FAILED', 'Resource creation cancelled'),
  event('Role', 'CREATE_FAILED', 'User: x is not authorized to perform: iam:CreateRole'),
  event('Bucket', 'CREATE_FAILED', 'Resource creation Cancelled'),
  event('Profile', 'CREATE_FAILED', 'A later failure'),
  event('orders', 'ROLLBACK_IN_PROGRESS', 'The following resource(s) failed to create: [Role, Bucket].'),
  event('Role', 'DELETE_FAILED', 'Not while rolling back'),
  event('orders', 'ROLLBACK_FAILED'),
];

test('the first cause is the first failure of a resource that was not merely cancelled', () => {
  const cause = firstCause(FAILED_CREATION);
  assert.deepEqual(cause, {
    logicalId: 'Role',
    type: 'AWS::Test::Role',
    status: 'CREATE_FAILED',
    reason: 'User: x is not authorized to perform: iam:CreateRole',
  });
});

test('a stack that failed by itself is its own cause', () => {
  const events = [event('orders', 'CREATE_IN_PROGRESS'), event('orders', 'CREATE_FAILED', 'Stack creation timed out')];
  assert.equal(firstCause(events)?.reason, 'Stack creation timed out');
});

test('without a failure there is no cause', () => {
  assert.equal(firstCause([event('orders', 'CREATE_IN_PROGRESS'), event('orders', 'CREATE_COMPLETE')]), undefined);
});

test('advice fits the cause', () => {
  const advice = (reason: string) => adviceFor({ logicalId: 'Group', type: 'T', status: 'CREATE_FAILED', reason });
  assert.match(advice('Received 0 SUCCESS signal(s) out of 3. Unable to satisfy 100% requirement'), /agent's log/);
  assert.match(advice('API: ec2:RunInstances You are not authorized to perform this operation'), /permissions/);
  assert.match(advice('Something that nobody foresaw'), /the reason of Group/);
});

test('an event is one line', () => {
  assert.equal(
    eventLine(event('Group', 'CREATE_FAILED', 'no signal'), AT_MS),
    '   12.3s  Group                       CREATE_FAILED: no signal',
  );
  assert.equal(
    eventLine(event('Group', 'CREATE_COMPLETE'), AT_MS),
    '   12.3s  Group                       CREATE_COMPLETE',
  );
});

test('rolling back is no success', () => {
  assert.equal(toneOf(event('orders', 'UPDATE_ROLLBACK_COMPLETE')), 'failed');
  assert.equal(toneOf(event('orders', 'UPDATE_COMPLETE')), 'done');
  assert.equal(toneOf(event('orders', 'UPDATE_IN_PROGRESS')), 'working');
});

test('the line of progress counts resources, not events', () => {
  const events = [
    event('orders', 'UPDATE_IN_PROGRESS'),
    event('LaunchTemplate', 'UPDATE_IN_PROGRESS'),
    event('LaunchTemplate', 'UPDATE_COMPLETE'),
    event('Group', 'UPDATE_IN_PROGRESS'),
    event('Group', 'UPDATE_IN_PROGRESS'),
  ];
  assert.equal(
    progressLine(events, 3, 41_600),
    'UPDATE_IN_PROGRESS · 1 of 3 resources · Group is UPDATE_IN_PROGRESS · 42 s',
  );
  assert.equal(progressLine([], 3, 0), 'waiting for CloudFormation · 0 of 3 resources · 0 s');
});
