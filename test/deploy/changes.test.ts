// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Change, ResourceChange } from '@aws-sdk/client-cloudformation';
import { changeLines, dangerous, plannedChanges, summaryOf } from '../../deploy/changes.ts';

function change(resource: ResourceChange): Change {
  return { Type: 'Resource', ResourceChange: resource };
}

/** As AWS answers: in no order, a property named once for each way in which it is reached. */
const CHANGES: readonly Change[] = [
  change({ Action: 'Add', LogicalResourceId: 'SshIngress', ResourceType: 'AWS::EC2::SecurityGroupIngress' }),
  change({
    Action: 'Modify',
    Replacement: 'Conditional',
    LogicalResourceId: 'Group',
    ResourceType: 'AWS::AutoScaling::AutoScalingGroup',
    Details: [
      { Target: { Attribute: 'Properties', Name: 'LaunchTemplate' } },
      { Target: { Attribute: 'Properties', Name: 'LaunchTemplate' } },
      { Target: { Attribute: 'UpdatePolicy' } },
    ],
  }),
  change({
    Action: 'Modify',
    Replacement: 'True',
    PolicyAction: 'ReplaceAndRetain',
    LogicalResourceId: 'Bucket',
    ResourceType: 'AWS::S3::Bucket',
    Details: [{ Target: { Attribute: 'Properties', Name: 'BucketName' } }],
  }),
  change({
    Action: 'Modify',
    Replacement: 'False',
    LogicalResourceId: 'LaunchTemplate',
    ResourceType: 'AWS::EC2::LaunchTemplate',
  }),
  change({
    Action: 'Modify',
    Replacement: 'Conditional',
    LogicalResourceId: 'Clients',
    ResourceType: 'AWS::EC2::SecurityGroup',
    Details: [{ Target: { Attribute: 'Properties', Name: 'GroupDescription' } }],
  }),
  change({ Action: 'Remove', PolicyAction: 'Delete', LogicalResourceId: 'Role', ResourceType: 'AWS::IAM::Role' }),
];

test('a change set in words: what is lost comes first, and replacement is called out', () => {
  assert.deepEqual(changeLines(plannedChanges(CHANGES)), [
    'REPLACE      Bucket          AWS::S3::Bucket: BucketName; the old one is kept',
    'remove       Role            AWS::IAM::Role',
    'may replace  Clients         AWS::EC2::SecurityGroup: GroupDescription',
    'change       Group           AWS::AutoScaling::AutoScalingGroup: LaunchTemplate, UpdatePolicy; its nodes are replaced one by one',
    'change       LaunchTemplate  AWS::EC2::LaunchTemplate',
    'create       SshIngress      AWS::EC2::SecurityGroupIngress',
  ]);
});

test('the order of the answer does not matter', () => {
  assert.deepEqual(plannedChanges(CHANGES.toReversed()), plannedChanges(CHANGES));
});

test('a summary counts each kind', () => {
  assert.equal(
    summaryOf(plannedChanges(CHANGES)),
    '1 to replace, 1 to remove, 1 may be replaced, 2 to change, 1 to create',
  );
});

test('only replacing or removing the group, the bucket or the claims is dangerous', () => {
  const found = dangerous(plannedChanges(CHANGES)).map(({ logicalId }) => logicalId);
  assert.deepEqual(found, ['Bucket']);
  const removed = change({
    Action: 'Remove',
    LogicalResourceId: 'ClaimsLogGroup',
    ResourceType: 'AWS::Logs::LogGroup',
  });
  assert.equal(dangerous(plannedChanges([removed])).length, 1);
});
