// SPDX-License-Identifier: Apache-2.0
/** Claims on ids over streams and objects that lose answers and write late (docs/protocol.md, "Claims"). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { highestGenerations } from '../../src/model/claims.ts';
import { claimId, readClaims as readAllClaims, restoreStream, voidClaim } from '../../src/registry/claims.ts';
import { Lost, MemoryShelf } from '../act/memory-shelf.ts';

const signal = new AbortController().signal;
const ONE = { instance: 'i-1', address: '10.0.0.1' };
const TWO = { instance: 'i-2', address: '10.0.0.2' };

/** As a node reads them that goes by no id yet. */
function readClaims(shelf: MemoryShelf) {
  const sources = { listing: shelf.objects.list('', signal), self: { instance: 'i-0', ids: [] } };
  return readAllClaims(shelf, sources, signal);
}

/** Loses the answer to the first call whose name begins like this. */
function loseAnswer(shelf: MemoryShelf, call: string): void {
  shelf.after = (made) => {
    if (!made.startsWith(call)) return;
    shelf.after = () => {};
    throw new Lost(made);
  };
}

test('a claim is a stream and its owner', async () => {
  const shelf = new MemoryShelf();
  assert.equal(await claimId(shelf, 7, 1, ONE, signal), 'claimed');
  assert.deepEqual(await readClaims(shelf), [{ id: 7, generation: 1, owner: ONE, ageMs: 1_000 }]);
});

test('a stream that was there before belongs to another, even before it has an owner', async () => {
  const shelf = new MemoryShelf();
  shelf.streams.set('7.1', 10);
  assert.equal(await claimId(shelf, 7, 1, ONE, signal), 'taken');
  assert.deepEqual(shelf.bodies(), {});
});

test('after a lost answer to the stream the owner decides: nothing leaks', async () => {
  const shelf = new MemoryShelf();
  loseAnswer(shelf, 'stream');
  assert.equal(await claimId(shelf, 7, 1, ONE, signal), 'claimed');
});

test('after a lost answer to the stream another node that wrote its owner first keeps it', async () => {
  const shelf = new MemoryShelf();
  shelf.put('claims/7.1.json', TWO);
  loseAnswer(shelf, 'stream');
  assert.equal(await claimId(shelf, 7, 1, ONE, signal), 'taken');
  assert.deepEqual(shelf.bodies()['claims/7.1.json'], TWO);
});

test('after a lost answer to the owner the claim shows at the next look', async () => {
  const shelf = new MemoryShelf();
  loseAnswer(shelf, 'create');
  await assert.rejects(claimId(shelf, 7, 1, ONE, signal), Lost);
  assert.deepEqual(await readClaims(shelf), [{ id: 7, generation: 1, owner: ONE, ageMs: 1_000 }]);
});

test('of an owner and a void that race the first to arrive stands for ever', async () => {
  const late = new MemoryShelf();
  const arrive = late.holdNextWrite();
  late.streams.set('7.1', 1_000_000);
  await assert.rejects(late.objects.createOnce('claims/7.1.json', JSON.stringify(ONE), signal), Lost);
  await voidClaim(late, 7, 1, signal);
  arrive();
  assert.equal((await readClaims(late))[0]?.owner, 'void');

  const early = new MemoryShelf();
  assert.equal(await claimId(early, 7, 1, ONE, signal), 'claimed');
  await voidClaim(early, 7, 1, signal);
  assert.deepEqual((await readClaims(early))[0]?.owner, ONE);
});

test('a claim that was voided under its maker is not its claim', async () => {
  const shelf = new MemoryShelf();
  shelf.put('claims/7.1.json', { void: true });
  assert.equal(await claimId(shelf, 7, 1, ONE, signal), 'taken');
});

test('of many that claim one generation at once exactly one gets it', async () => {
  const shelf = new MemoryShelf();
  const nodes = Array.from({ length: 12 }, (_, index) => ({ instance: `i-${index}`, address: `10.0.0.${index}` }));
  const outcomes = await Promise.all(nodes.map((node) => claimId(shelf, 1, 1, node, signal)));
  assert.equal(outcomes.filter((outcome) => outcome === 'claimed').length, 1);
  const [claim] = await readClaims(shelf);
  assert.deepEqual(claim?.owner, nodes[outcomes.indexOf('claimed')]);
});

test('the highest generation owns the id, by number and not by name', async () => {
  const shelf = new MemoryShelf();
  for (const generation of [2, 10, 9, 1]) await claimId(shelf, 7, generation, generation === 10 ? TWO : ONE, signal);
  const claims = await readClaims(shelf);
  assert.deepEqual(
    claims.map(({ generation }) => generation),
    [1, 2, 9, 10],
  );
  assert.deepEqual(highestGenerations(claims).get(7)?.owner, TWO);
});

test('streams that are no claims are ignored', async () => {
  const shelf = new MemoryShelf();
  for (const name of ['0.1', '256.1', '7', '7.0', '07.1', '7.1.1', 'i-0a01', '7.01', '-1.1']) {
    shelf.streams.set(name, 0);
  }
  assert.deepEqual(await readClaims(shelf), []);
});

test('claims that can not be read whole are not read at all', async () => {
  const shelf = new MemoryShelf();
  await claimId(shelf, 1, 1, ONE, signal);
  shelf.streams.set('2.1', 0);
  shelf.before = (call) => {
    if (call === 'get claims/2.1.json') throw new Lost(call);
  };
  await assert.rejects(readClaims(shelf), Lost);
});

for (const body of ['', '[]', 'null', '{"instance":"i-1"}', '<html>']) {
  test(`an owner that nobody understands is unreadable, and neither void nor a free id: ${JSON.stringify(body)}`, async () => {
    const shelf = new MemoryShelf();
    shelf.streams.set('3.1', 0);
    shelf.objectsByKey.set('claims/3.1.json', { body, etag: 'e' });
    assert.equal((await readClaims(shelf))[0]?.owner, 'unreadable');
    // Mended by hand it counts, in the same process.
    shelf.put('claims/3.1.json', ONE);
    assert.deepEqual((await readClaims(shelf))[0]?.owner, ONE);
  });
}

test('keys of another form are no claims, whatever they hold', async () => {
  const shelf = new MemoryShelf();
  for (const key of [
    'claims/',
    'claims/0.1.json',
    'claims/7.json',
    'claims/7.1.json.bak',
    'claims/a/7.1.json',
    'x/7.1.json',
  ])
    shelf.objectsByKey.set(key, { body: '', etag: 'e' });
  assert.deepEqual(await readClaims(shelf), []);
});

test('Claims 8: a claim whose stream was deleted is known by its object, with the age of that', async () => {
  const shelf = new MemoryShelf();
  shelf.put('claims/7.1.json', ONE);
  shelf.agesMs.set('claims/7.1.json', 9_000);
  assert.deepEqual(await readClaims(shelf), [{ id: 7, generation: 1, owner: ONE, ageMs: 9_000, unlisted: true }]);
});

test('Claims 8: the age of a claim is that of its object, however old or new the stream is', async () => {
  const shelf = new MemoryShelf();
  shelf.put('claims/7.1.json', ONE);
  shelf.agesMs.set('claims/7.1.json', 9_000);
  for (const ageMs of [1, 99_000]) {
    shelf.streams.set('7.1', ageMs);
    assert.equal((await readClaims(shelf))[0]?.ageMs, 9_000);
  }
});

test('Claims 8: a deleted stream does not make its generation free: the object decides', async () => {
  const shelf = new MemoryShelf();
  shelf.put('claims/7.1.json', TWO);
  assert.equal(await claimId(shelf, 7, 1, ONE, signal), 'taken');
  assert.deepEqual(shelf.bodies()['claims/7.1.json'], TWO);
});

test('Claims 8: whoever goes by an id reads its claim by the key, though no list shows it', async () => {
  const shelf = new MemoryShelf();
  shelf.put('claims/7.1.json', TWO);
  shelf.put('claims/7.2.json', ONE);
  shelf.streams.set('7.1', 0);
  const listing = Promise.resolve([{ key: 'claims/7.1.json', ageMs: 1_000 }]);
  const claims = await readAllClaims(shelf, { listing, self: { instance: ONE.instance, ids: [7, 7] } }, signal);
  assert.deepEqual(
    claims.map(({ generation, owner }) => ({ generation, owner })),
    [
      { generation: 1, owner: TWO },
      { generation: 2, owner: ONE },
    ],
  );
});

test('Claims 8: an own claim that the lists show costs no call more', async () => {
  const shelf = new MemoryShelf();
  await claimId(shelf, 7, 1, ONE, signal);
  const calls: string[] = [];
  shelf.before = (call) => calls.push(call);
  const sources = { listing: shelf.objects.list('', signal), self: { instance: ONE.instance, ids: [7] } };
  await readAllClaims(shelf, sources, signal);
  assert.deepEqual(calls.sort(), ['list ', 'streams']);
});

test('Claims 8: an own claim whose object can not be read makes the claims unknown', async () => {
  const shelf = new MemoryShelf();
  shelf.before = (call) => {
    if (call === 'get claims/7.1.json') throw new Lost(call);
  };
  const sources = { listing: Promise.resolve([]), self: { instance: ONE.instance, ids: [7] } };
  await assert.rejects(readAllClaims(shelf, sources, signal), Lost);
});

test('Claims 8: what this process has seen once stays when an older answer follows', async () => {
  const shelf = new MemoryShelf();
  await claimId(shelf, 7, 1, ONE, signal);
  shelf.streams.set('8.1', 60_000);
  await readClaims(shelf);
  shelf.streams.clear();
  const sources = { listing: Promise.resolve([]), self: { instance: 'i-0', ids: [] } };
  const claims = await readAllClaims(shelf, sources, signal);
  assert.deepEqual(
    claims.map(({ id, owner, ageMs }) => ({ id, owner, ageMs })),
    [
      { id: 7, owner: ONE, ageMs: 0 },
      { id: 8, owner: undefined, ageMs: 60_000 },
    ],
  );
});

test('Claims 8: a stream that another has made and no list shows is not chosen again', async () => {
  const shelf = new MemoryShelf();
  shelf.streams.set('7.1', 5_000);
  assert.equal(await claimId(shelf, 7, 1, ONE, signal), 'taken');
  shelf.streams.clear();
  assert.deepEqual(await readClaims(shelf), [{ id: 7, generation: 1, owner: undefined, ageMs: 0 }]);
});

test('Claims 8: a stream is made anew once in a process, whatever the list says after it', async () => {
  const shelf = new MemoryShelf();
  shelf.put('claims/7.1.json', ONE);
  assert.equal((await readClaims(shelf))[0]?.unlisted, true);
  await restoreStream(shelf, 7, 1, signal);
  assert.deepEqual([...shelf.streams.keys()], ['7.1']);
  shelf.streams.clear();
  assert.equal((await readClaims(shelf))[0]?.unlisted, undefined);
});
