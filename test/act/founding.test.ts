/** What `found-forced` leaves, wherever it is cut off (Recovery 6). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forcedOwner, foundingFromAside } from './steps.ts';
import { assertOrder, take } from './take.ts';

test('found-forced: the server starts under the id that the record gives, whatever the disk says', async () => {
  const scene = forcedOwner();
  scene.node.disk = { ...scene.node.disk, id: 4 };
  assertOrder(await take(scene), ['disk id 1', 'disk stamp 2']);
  assert.equal(scene.node.disk.id, 1);
});

test('found-forced from data set aside: the data never lies there without a stamp, for which it would be refused', async () => {
  const scene = foundingFromAside();
  scene.node.onCall = (call) => {
    if (!call.startsWith('disk ') || !scene.node.disk.data) return;
    assert.notEqual(scene.node.disk.stamp, undefined, `there is data without a stamp before "${call}"`);
  };
  assertOrder(await take(scene), ['disk aside', 'disk stamp 1', 'disk restore kept', 'disk stamp 2']);
});
