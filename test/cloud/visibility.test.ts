// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Lifetime, view, visibilityDelays } from '../../cloud/ec2/lifetime.ts';
import { structAt, structsAt, textAt } from '../../cloud/value.ts';

const ID = 'i-0000000a';
const DATA = {
  InstanceId: ID,
  State: { Code: 16, Name: 'running' },
  PrivateIpAddress: '127.30.0.4',
  SubnetId: 'subnet-0',
  BlockDeviceMappings: [{ DeviceName: '/dev/sda1' }],
  Tags: [{ Key: 'a', Value: 'b' }],
};
const LIFE: Lifetime = {
  launchedAtMs: 1_000,
  runningAtMs: 1_300,
  visibleAtMs: 2_000,
  tagsVisibleAtMs: 3_000,
  shuttingDownAtMs: 5_000,
  terminatedAtMs: 5_300,
  strippedAtMs: 6_000,
  forgottenAtMs: 9_000,
};

function seenAt(atMs: number, caller = 'operator') {
  const seen = view(ID, DATA, LIFE, { caller, atMs });
  if (seen === undefined) return undefined;
  return {
    state: textAt(structAt(seen, 'State'), 'Name'),
    address: textAt(seen, 'PrivateIpAddress'),
    subnet: textAt(seen, 'SubnetId'),
    tags: structsAt(seen, 'Tags').length,
    volumes: structsAt(seen, 'BlockDeviceMappings').length,
  };
}

const WHOLE = { address: '127.30.0.4', subnet: 'subnet-0', tags: 1, volumes: 1 };

test('the life of an instance, to the millisecond', () => {
  assert.equal(seenAt(999), undefined);
  assert.deepEqual(seenAt(1_000), { state: 'pending', ...WHOLE });
  assert.deepEqual(seenAt(1_299), { state: 'pending', ...WHOLE });
  assert.deepEqual(seenAt(1_300), { state: 'running', ...WHOLE });
  assert.deepEqual(seenAt(5_000), { state: 'shutting-down', ...WHOLE });
  assert.deepEqual(seenAt(5_300), { state: 'terminated', ...WHOLE });
  const remains = { state: 'terminated', address: undefined, subnet: undefined, tags: 0, volumes: 0 };
  assert.deepEqual(seenAt(6_000), remains);
  assert.deepEqual(seenAt(8_999), remains);
  assert.equal(seenAt(9_000), undefined);
});

test('other instances see it late, and its tags later still; it sees itself at once', () => {
  assert.equal(seenAt(1_999, 'i-0000000b'), undefined);
  assert.deepEqual(seenAt(2_000, 'i-0000000b'), { state: 'running', ...WHOLE, tags: 0 });
  assert.deepEqual(seenAt(2_999, 'i-0000000b')?.tags, 0);
  assert.deepEqual(seenAt(3_000, 'i-0000000b')?.tags, 1);
  assert.deepEqual(seenAt(1_000, ID), { state: 'pending', ...WHOLE });
});

test('the delays come from the seed alone, within their bounds', () => {
  const late = { instanceMs: 1_000, tagsMs: 100, seed: 42 };
  const delays = Array.from({ length: 200 }, (_, ordinal) => visibilityDelays(late, ordinal));
  assert.deepEqual(
    delays,
    Array.from({ length: 200 }, (_, ordinal) => visibilityDelays(late, ordinal)),
  );
  for (const { instanceMs, tagsMs } of delays) {
    assert.ok(instanceMs >= 500 && instanceMs < 1_500, `${instanceMs}`);
    assert.ok(tagsMs >= 50 && tagsMs < 150, `${tagsMs}`);
  }
  assert.ok(new Set(delays.map(({ instanceMs }) => instanceMs)).size > 190);
  assert.notDeepEqual(visibilityDelays({ ...late, seed: 43 }, 0), delays[0]);
  assert.deepEqual(visibilityDelays(undefined, 0), { instanceMs: 0, tagsMs: 0 });
});
