// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { voterMonitorOf } from '../../src/zookeeper/mntr.ts';

test('mntr is read; only a follower, or a leader with all its numbers, counts', () => {
  const text = [
    'zk_version\t3.9.5-e454, built on 2025',
    'zk_server_state\tleader',
    'zk_synced_followers\t2',
    'zk_synced_non_voting_followers\t1.0',
    '',
  ].join('\n');
  assert.deepEqual(voterMonitorOf(text), {
    mode: 'leader',
    syncedFollowers: 2,
    syncedNonVotingFollowers: 1,
  });
  for (const [from, to] of [
    ['leader', 'observer'],
    ['zk_server_state\tleader', ''],
    ['voting_followers\t1.0', 'voting_followers\tmany'],
    ['zk_synced_non_voting_followers\t1.0', ''],
    ['followers\t2', 'followers\t-1'],
    ['followers\t2', 'followers\t'],
  ] as const) {
    assert.equal(voterMonitorOf(text.replace(from, to)), undefined, `${from} → ${to}`);
  }
  assert.deepEqual(voterMonitorOf(text.replace('leader', 'follower')), { mode: 'follower' });
  assert.equal(voterMonitorOf('This ZooKeeper instance is not currently serving requests\n'), undefined);
});
