// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PathMap } from '../../src/client/path-map.ts';
import { randomOf } from '../support/random.ts';

test('a map by path does what a map of the runtime does, with few paths and with many', () => {
  const random = randomOf(7);
  const map = new PathMap<number>();
  const model = new Map<string, number>();
  assert.equal(map.isEmpty, true);
  for (let step = 0; step < 40_000; step++) {
    const path = `/a/${random.between(0, 5_000)}`;
    if (random.between(1, 10) <= 6) {
      map.set(path, step);
      model.set(path, step);
    } else {
      map.delete(path);
      model.delete(path);
    }
    assert.equal(map.get(path), model.get(path));
    assert.equal(map.has(path), model.has(path));
    if (step % 5_000 !== 0) continue;
    assert.deepEqual([...map.keys()].toSorted(), [...model.keys()].toSorted());
    assert.deepEqual([...map.values()].toSorted(), [...model.values()].toSorted());
  }
  assert.equal(map.isEmpty, false);
  for (const path of map.keys()) map.delete(path);
  assert.equal(map.isEmpty, true);
  assert.deepEqual([...map.values()], []);
});
