/** Claims on ids over streams and objects that lose answers and write late (docs/protocol.md, "Claims"). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { highestGenerations } from '../../src/model/claims.ts';
import { claimId, readClaims, voidClaim } from '../../src/registry/claims.ts';
import { Lost, MemoryShelf } from '../act/memory-shelf.ts';

const signal = new AbortController().signal;
const ONE = { instance: 'i-1', address: '10.0.0.1' };
const TWO = { instance: 'i-2', address: '10.0.0.2' };

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
  assert.deepEqual(await readClaims(shelf, signal), [{ id: 7, generation: 1, owner: ONE, ageMs: 0 }]);
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
  assert.deepEqual(await readClaims(shelf, signal), [{ id: 7, generation: 1, owner: ONE, ageMs: 0 }]);
});

test('of an owner and a void that race the first to arrive stands for ever', async () => {
  const late = new MemoryShelf();
  const arrive = late.holdNextWrite();
  late.streams.set('7.1', 1_000_000);
  await assert.rejects(late.objects.createOnce('claims/7.1.json', JSON.stringify(ONE), signal), Lost);
  await voidClaim(late, 7, 1, signal);
  arrive();
  assert.equal((await readClaims(late, signal))[0]?.owner, 'void');

  const early = new MemoryShelf();
  assert.equal(await claimId(early, 7, 1, ONE, signal), 'claimed');
  await voidClaim(early, 7, 1, signal);
  assert.deepEqual((await readClaims(early, signal))[0]?.owner, ONE);
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
  const [claim] = await readClaims(shelf, signal);
  assert.deepEqual(claim?.owner, nodes[outcomes.indexOf('claimed')]);
});

test('the highest generation owns the id, by number and not by name', async () => {
  const shelf = new MemoryShelf();
  for (const generation of [2, 10, 9, 1]) await claimId(shelf, 7, generation, generation === 10 ? TWO : ONE, signal);
  const claims = await readClaims(shelf, signal);
  assert.deepEqual(
    claims.map(({ generation }) => generation),
    [1, 2, 9, 10],
  );
  assert.deepEqual(highestGenerations(claims).get(7)?.owner, TWO);
});

test('streams that are no claims are ignored', async () => {
  const shelf = new MemoryShelf();
  for (const name of ['0.1', '256.1', '7', '7.0', '07.1', '7.1.1', 'i-0a01', '7.01', '-1.1'])
    shelf.streams.set(name, 0);
  assert.deepEqual(await readClaims(shelf, signal), []);
});

test('claims that can not be read whole are not read at all', async () => {
  const shelf = new MemoryShelf();
  await claimId(shelf, 1, 1, ONE, signal);
  shelf.streams.set('2.1', 0);
  shelf.before = (call) => {
    if (call === 'get claims/2.1.json') throw new Lost(call);
  };
  await assert.rejects(readClaims(shelf, signal), Lost);
});

test('an owner that nobody understands is an error and not a free id', async () => {
  const shelf = new MemoryShelf();
  shelf.streams.set('3.1', 0);
  shelf.put('claims/3.1.json', { instance: 'i-1' });
  await assert.rejects(readClaims(shelf, signal), /neither void nor an instance/);
});
