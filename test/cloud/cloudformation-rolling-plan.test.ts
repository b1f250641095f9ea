// SPDX-License-Identifier: Apache-2.0
/** The arithmetic of a rolling update, over all small groups. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextPlaces } from '../../cloud/auto-scaling/choices.ts';
import { firstCapacity, nextBatch } from '../../cloud/cloudformation/policies/rolling-plan.ts';
import type { RollingPolicy } from '../../cloud/cloudformation/policies/rolling-policy.ts';
import { nextVictims } from '../../cloud/cloudformation/policies/victims.ts';

const policyWith = (maxBatchSize: number, minInService: number): RollingPolicy => ({
  ...{ maxBatchSize, minInService, minSuccessfulPercent: 100, pauseMs: 0, pauseTime: 'PT0S', waitOnSignals: true },
  suspend: [],
});

interface Start {
  readonly obsolete: number;
  readonly fresh: number;
  readonly desired: number;
  readonly maximum: number;
}

/** Plays an update to its end; the least number of instances that it ever had, and how many it has in the end. */
function play(
  start: Start,
  policy: RollingPolicy,
): { readonly least: number; readonly end: number; readonly most: number } {
  let { obsolete, fresh } = start;
  const { desired } = start;
  let capacity = firstCapacity({ obsolete, fresh, desired }, policy, start.maximum);
  const most = capacity;
  let least = Math.min(capacity, obsolete + fresh);
  fresh = capacity - obsolete;
  for (let batches = 0; obsolete > 0; batches++) {
    assert.ok(batches < 100, 'it ends');
    const { ended, replaced } = nextBatch({ obsolete, fresh, desired, capacity }, policy);
    assert.ok(ended >= 1 && ended <= policy.maxBatchSize && replaced <= ended);
    obsolete -= ended;
    least = Math.min(least, obsolete + fresh);
    fresh += replaced;
    capacity -= ended - replaced;
    assert.equal(capacity, obsolete + fresh);
  }
  return { least, end: capacity, most };
}

test('the usual one: three, four for a while, never below three', () => {
  const start = { obsolete: 3, fresh: 0, desired: 3, maximum: 4 };
  assert.deepEqual(play(start, policyWith(1, 3)), { least: 3, end: 3, most: 4 });
});

test('without room above it goes below: never further than MinInstancesInService', () => {
  const start = { obsolete: 3, fresh: 0, desired: 3, maximum: 3 };
  assert.deepEqual(play(start, policyWith(1, 2)), { least: 2, end: 3, most: 3 });
});

test('who is left over from an update that failed goes without a replacement', () => {
  assert.deepEqual(play({ obsolete: 1, fresh: 3, desired: 3, maximum: 4 }, policyWith(1, 3)), {
    least: 3,
    end: 3,
    most: 4,
  });
});

test('every small group ends with the desired number, and has MinInstancesInService while it can', () => {
  let played = 0;
  for (let desired = 1; desired <= 5; desired++) {
    for (let obsolete = 1; obsolete <= desired + 1; obsolete++) {
      for (let fresh = Math.max(0, desired - obsolete); obsolete + fresh <= desired + 1; fresh++) {
        for (let maximum = desired + 1; maximum <= desired + 3; maximum++) {
          for (let batch = 1; batch <= 3; batch++) {
            for (let inService = 0; inService <= desired; inService++) {
              const { least, end, most } = play({ obsolete, fresh, desired, maximum }, policyWith(batch, inService));
              assert.equal(end, desired);
              assert.ok(
                least >= Math.min(inService, obsolete + fresh),
                JSON.stringify({ desired, obsolete, fresh, maximum, batch, inService }),
              );
              assert.ok(most <= Math.max(maximum, obsolete + fresh));
              played += 1;
            }
          }
        }
      }
    }
  }
  assert.ok(played > 500);
});

test('a minimum that leaves nobody to take down is refused', () => {
  const start = { obsolete: 3, fresh: 0, desired: 3 };
  assert.throws(() => firstCapacity(start, policyWith(1, 3), 3), /MinInstancesInService \(3\) must be less than/);
});

/** The sizes of the zones after an update of a group that was spread over them. */
function zonesAfterUpdate(desired: number, batch: number): readonly number[] {
  const zones = ['a', 'b', 'c'];
  const places = zones.map((zone) => ({ zone, subnet: `subnet-${zone}` }));
  const active: { instance: string; zone: string; subnet: string; isFresh: boolean }[] = [];
  const launch = (isFresh: boolean, count: number): void => {
    for (let launched = 0; launched < count; launched++) {
      const fresh = active.filter((each) => each.isFresh);
      const [place] = nextPlaces(places, active, fresh.length > 0 ? fresh : active);
      assert.ok(place);
      active.push({ ...place, isFresh, instance: `i-${(active.length * 7919) % 97}-${isFresh}-${launched}` });
    }
  };
  for (let each = 0; each < desired; each++) launch(false, 1);
  const policy = policyWith(batch, desired);
  let capacity = firstCapacity({ obsolete: desired, fresh: 0, desired }, policy, desired + batch);
  launch(true, capacity - desired);
  for (;;) {
    const obsolete = active.filter(({ isFresh }) => !isFresh);
    if (obsolete.length === 0) break;
    const fresh = active.length - obsolete.length;
    const { ended, replaced } = nextBatch({ obsolete: obsolete.length, fresh, desired, capacity }, policy);
    for (const victim of nextVictims(obsolete, active, ended)) {
      active.splice(
        active.findIndex(({ instance }) => instance === victim),
        1,
      );
    }
    capacity -= ended - replaced;
    launch(true, replaced);
  }
  return zones.map((zone) => active.filter((each) => each.zone === zone).length).toSorted();
}

test('after an update no zone has two instances more than another', () => {
  assert.deepEqual(zonesAfterUpdate(3, 1), [1, 1, 1]);
  for (let desired = 1; desired <= 12; desired++) {
    for (let batch = 1; batch <= 3; batch++) {
      const [least = 0, , most = 0] = zonesAfterUpdate(desired, batch);
      assert.ok(most - least <= 1, `${desired} in batches of ${batch}`);
    }
  }
});
