// SPDX-License-Identifier: Apache-2.0
/** The rule by which clients move: single decisions, and what becomes of many clients that follow it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideMove, LOOKS, pauseBeforeLookMs, type SeenServer } from '../../src/client/spread.ts';
import { randomOf } from '../support/random.ts';

type Seen = SeenServer<string>;

function seen(target: string, connections: number | undefined, more: Partial<Seen> = {}): Seen {
  return { target, connections, serves: true, isOwnZone: false, ...more };
}

function decide(here: Seen, others: readonly Seen[], lost?: string, chance = 0) {
  return decideMove(here, others, { lost, doAllLook: true }, () => chance);
}

test('a client moves from above the mean to below it, if the difference is above the slack', () => {
  const both = [seen('b', 90), seen('c', 40)];
  assert.deepEqual(decide(seen('a', 100), both), { moveTo: 'c', isEven: false });
  assert.deepEqual(decide(seen('a', 100), [seen('b', 92), seen('c', 91)]), { moveTo: undefined, isEven: true });
  assert.deepEqual(decide(seen('a', 2), [seen('b', 1)]), { moveTo: undefined, isEven: true });
  assert.deepEqual(decide(seen('a', 3), [seen('b', 1)]), { moveTo: 'b', isEven: false });
  // The part above the mean of 70, and the root of 100.
  assert.equal(decide(seen('a', 100), [seen('b', 40)], undefined, 0.399).moveTo, 'b');
  assert.equal(decide(seen('a', 100), [seen('b', 40)], undefined, 0.401).moveTo, undefined);
  // Somebody else has to move.
  assert.deepEqual(decide(seen('a', 40), [seen('b', 90)]), { moveTo: undefined, isEven: false });
  assert.deepEqual(decide(seen('a', 40), []), { moveTo: undefined, isEven: true });
});

test('of several with room, each is taken by the room that it has', () => {
  const rooms = [seen('b', 60), seen('c', 0), seen('d', 100)];
  const counts: Record<string, number> = {};
  for (let index = 0; index < 1_000; index++) {
    const chances = [0, index / 1_000];
    const { moveTo = 'none' } = decideMove(
      seen('a', 160),
      rooms,
      { lost: undefined, doAllLook: true },
      () => chances.shift() ?? 0,
    );
    counts[moveTo] = (counts[moveTo] ?? 0) + 1;
  }
  // The mean is 80: b has room for 20, c for 80.
  assert.deepEqual(counts, { b: 200, c: 800 });
});

test('when all that look do so in the same moment, as many leave as should', () => {
  const { between } = randomOf(7);
  const random = () => between(0, 999_999) / 1_000_000;
  for (const doAllLook of [true, false]) {
    // After a loss, only those that should leave.
    const lookers = Array.from({ length: doAllLook ? 10_000 : 3_000 }, () =>
      decideMove(seen('a', 10_000), [seen('b', 4_000)], { lost: undefined, doAllLook }, random),
    );
    const left = lookers.filter(({ moveTo }) => moveTo === 'b').length;
    assert.ok(left > 2_800 && left < 3_400, String(left));
  }
});

test('nobody moves to a server that does not serve, or by a count that is not known', () => {
  const down = seen('b', undefined, { serves: false });
  assert.deepEqual(decide(seen('a', 100), [down]), { moveTo: undefined, isEven: true });
  assert.deepEqual(decide(seen('a', 100), [down], 'b'), { moveTo: undefined, isEven: true });
  assert.deepEqual(decide(seen('a', 100), [seen('b', undefined), seen('c', 1)]), { moveTo: undefined, isEven: true });
  assert.deepEqual(decide(seen('a', undefined), [seen('b', 1)]), { moveTo: undefined, isEven: true });
});

test('without counts a client goes back to the server that it lost', () => {
  const others = [seen('b', undefined), seen('c', undefined)];
  assert.deepEqual(decide(seen('a', undefined), others, 'c'), { moveTo: 'c', isEven: false });
  assert.deepEqual(decide(seen('a', undefined), others, 'gone'), { moveTo: undefined, isEven: true });
});

test('the own zone comes before the counts, and inside of it they count', () => {
  const own = { isOwnZone: true };
  const away = seen('a', 1);
  assert.equal(decide(away, [seen('b', 0), seen('c', 80, own), seen('d', 70, own)]).moveTo, 'd');
  assert.equal(decide(away, [seen('c', 80, { ...own, serves: false }), seen('b', 0)]).moveTo, undefined);
  assert.equal(decide(away, [seen('c', undefined, own)]).moveTo, 'c');
  assert.equal(decide(seen('a', 9, own), [seen('b', 0), seen('c', 3, own)]).moveTo, 'c');
  assert.equal(decide(seen('a', 9, own), [seen('b', 0)]).moveTo, undefined);
});

test('pauses are random around a middle that grows to a limit', () => {
  assert.equal(
    pauseBeforeLookMs(0, () => 0),
    3_750,
  );
  assert.equal(
    pauseBeforeLookMs(1, () => 0.5),
    11_250,
  );
  assert.equal(
    pauseBeforeLookMs(60, () => 1),
    30_000,
  );
});

/** How late a client acts on the counts that it saw. */
const LATE_MS = 500;
const DOWN_MS = 15_000;
const ROTATION_MS = 40_000;
const SERVERS = ['a', 'b', 'c'];

interface Client {
  at: string;
  moves: number;
  /** Since it lost its connection. */
  hasMoved: boolean;
  looksLeft: number;
  waits: number;
  atMs: number;
  goingTo: string | undefined;
}

/**
 * Each server ends in turn, and comes back; the counts 60 s after the last one is back, and the moves of each client.
 */
function rotation(
  clients: number,
  seed: number,
): { readonly counts: readonly number[]; readonly moves: readonly number[] } {
  const { between, pick } = randomOf(seed);
  const random = () => between(0, 999_999) / 1_000_000;
  const up = new Set(SERVERS);
  const all: Client[] = Array.from({ length: clients }, () => ({
    at: pick(['a', 'b', 'c']),
    moves: 0,
    hasMoved: false,
    looksLeft: 0,
    waits: 0,
    atMs: Number.POSITIVE_INFINITY,
    goingTo: undefined,
  }));
  const counts = () => SERVERS.map((server) => all.filter(({ at }) => at === server).length);
  const end = (SERVERS.length - 1) * ROTATION_MS + DOWN_MS + 60_000;
  for (let nowMs = 0; nowMs < end; nowMs += 100) {
    const turn = SERVERS[Math.floor(nowMs / ROTATION_MS)];
    if (turn !== undefined && nowMs % ROTATION_MS === 0) {
      up.delete(turn);
      for (const client of all.filter(({ at }) => at === turn)) {
        const left = SERVERS.filter((server) => up.has(server));
        Object.assign(client, {
          at: left[between(0, left.length - 1)],
          looksLeft: LOOKS,
          hasMoved: false,
          waits: 0,
          goingTo: undefined,
        });
        client.atMs = nowMs + pauseBeforeLookMs(0, random);
      }
    }
    if (turn !== undefined && nowMs % ROTATION_MS === DOWN_MS) up.add(turn);
    const now = counts();
    for (const client of all) {
      if (client.atMs > nowMs) continue;
      if (client.goingTo !== undefined) {
        Object.assign(
          client,
          up.has(client.goingTo) ? { at: client.goingTo, moves: client.moves + 1, hasMoved: true } : {},
        );
        client.goingTo = undefined;
      } else if (client.looksLeft > 0 || up.size < SERVERS.length) {
        const views = SERVERS.map((server, index) => seen(server, now[index], { serves: up.has(server) }));
        const [here] = views.filter(({ target }) => target === client.at);
        assert.ok(here);
        const { moveTo, isEven } = decideMove(
          here,
          views.filter((view) => view !== here),
          { lost: undefined, doAllLook: client.hasMoved },
          random,
        );
        client.looksLeft = isEven ? (up.size < SERVERS.length ? 1 : 0) : client.looksLeft - 1;
        client.waits = isEven ? client.waits + 1 : 0;
        client.goingTo = moveTo;
        if (moveTo !== undefined) {
          client.atMs = nowMs + LATE_MS;
          continue;
        }
      }
      client.atMs = client.looksLeft > 0 ? nowMs + pauseBeforeLookMs(client.waits, random) : Number.POSITIVE_INFINITY;
    }
  }
  return { counts: counts(), moves: all.map(({ moves }) => moves) };
}

for (const clients of [12, 60, 300, 3_000]) {
  test(`${clients} clients are even after each server was restarted`, () => {
    for (let seed = 1; seed <= (clients > 1_000 ? 1 : 20); seed++) {
      const { counts, moves } = rotation(clients, seed);
      const text = `seed ${seed}: ${counts}`;
      assert.equal(
        counts.reduce((sum, count) => sum + count),
        clients,
        text,
      );
      assert.ok(
        Math.max(...counts) <= Math.max(1.3 * Math.min(...counts), Math.min(...counts) + Math.sqrt(clients)),
        text,
      );
      assert.ok(Math.max(...moves) <= SERVERS.length * LOOKS, text);
    }
  });
}
