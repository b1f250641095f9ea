// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StackStatus } from '@aws-sdk/client-cloudformation';
import { isClusterOf } from '../../deploy/leftovers/leftover.ts';
import { clusterOf, conditionOf, type StackCondition } from '../../deploy/stack.ts';

/** All but what is in progress, which is `working`. */
const CONDITIONS: Readonly<Partial<Record<StackStatus, StackCondition>>> = {
  CREATE_COMPLETE: 'updatable',
  UPDATE_COMPLETE: 'updatable',
  UPDATE_ROLLBACK_COMPLETE: 'updatable',
  IMPORT_COMPLETE: 'updatable',
  IMPORT_ROLLBACK_COMPLETE: 'updatable',
  DELETE_COMPLETE: 'absent',
  REVIEW_IN_PROGRESS: 'review',
  CREATE_FAILED: 'failed-creation',
  ROLLBACK_COMPLETE: 'failed-creation',
  ROLLBACK_FAILED: 'failed-creation',
  DELETE_FAILED: 'unusable',
  UPDATE_FAILED: 'unusable',
  UPDATE_ROLLBACK_FAILED: 'unusable',
  IMPORT_ROLLBACK_FAILED: 'unusable',
};

test('every status that CloudFormation has is understood', () => {
  for (const status of Object.values(StackStatus)) {
    assert.equal(conditionOf(status), CONDITIONS[status] ?? 'working', status);
    assert.equal(CONDITIONS[status] === undefined, status.endsWith('_IN_PROGRESS') && status !== 'REVIEW_IN_PROGRESS');
  }
  assert.equal(conditionOf(undefined), 'absent');
});

test('the id of the cluster comes from the stack', () => {
  const id = 'arn:aws:cloudformation:eu-west-1:123456789012:stack/orders/4f1c2a90-1111-2222-3333-444455556666';
  assert.equal(clusterOf({ id, name: 'orders' }), 'orders-4f1c2a90');
});

test('a cluster of another stack name is never taken for one of this', () => {
  assert.ok(isClusterOf('orders-4f1c2a90', 'orders'));
  for (const other of [undefined, '', 'orders', 'orders-', 'orders-4f1c2a9', 'orders-eu-4f1c2a90', 'Orders-4f1c2a90']) {
    assert.ok(!isClusterOf(other, 'orders'), other);
  }
});
