// SPDX-License-Identifier: Apache-2.0
/** Parties, and items that are shared out among members, on a real server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, Partitioner, Party, type Share, type ZookeeperClient } from '../../../src/client/index.ts';
import { oneServer } from '../one-server.ts';
import { childrenOf, untilAborted, untilCount } from './znodes.ts';

const LIMIT = { timeout: 60_000 };

const server = oneServer();

test('members join, leave and die, and everybody sees who is here', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  await using proxy = await server.lossy();
  const dying = await connect({ servers: proxy.address, sessionTimeoutMs: 3_000 });
  const party = (identifier: string, each = client) => new Party(each, '/party/a', { identifier });
  assert.deepEqual(await party('').members(), []);
  const stop = new AbortController();
  const changes = party('').changes({ signal: stop.signal });
  const next = async () => (await changes.next()).value;
  assert.deepEqual(await next(), []);
  const b = await party('b').join();
  assert.deepEqual(await next(), ['b']);
  const a = await party('a', dying).join();
  assert.deepEqual(await next(), ['a', 'b']);
  assert.deepEqual(await party('').members(), ['a', 'b']);
  // What is not of the party does not count.
  await client.create('/party/a/other');
  proxy.setOpen(false);
  assert.deepEqual(await next(), ['b']);
  assert.throws(() => a.assertHeld(), { code: 'HOLD_LOST' });
  await b.release();
  assert.deepEqual(await next(), []);
  const last = next();
  stop.abort();
  assert.equal(await last, undefined);
  await assert.rejects(party('c').join({ signal: AbortSignal.abort(new Error('enough')) }), { message: 'enough' });
  await dying.close();
  await assert.rejects(party('', dying).changes().next(), { code: 'CLIENT_CLOSED' });
});

test('whoever joins while the connection is lost is here once', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  await using proxy = await server.lossy();
  await using lossy = await connect({ servers: proxy.address, sessionTimeoutMs: 30_000 });
  await client.create('/once');
  proxy.swallowAnswers(true);
  const joining = new Party(lossy, '/once', { identifier: 'me' }).join();
  await untilCount(client, '/once', 1);
  proxy.swallowAnswers(false);
  proxy.cut();
  await using _ = await joining;
  assert.deepEqual(await new Party(client, '/once').members(), ['me']);
});

const ITEMS = ['a', 'b', 'c', 'd', 'e'];

/** Follows the shares of one member, and fails when an item is in two of them at once. */
class Follower {
  readonly shares: (readonly string[])[] = [];
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  current: Share | undefined;

  constructor(client: ZookeeperClient, path: string, identifier: string, taken: Map<string, string>) {
    const partitioner = new Partitioner(client, path, { items: ITEMS, identifier, quietMs: 30 });
    this.#running = this.#follow(partitioner, identifier, taken);
  }

  async #follow(partitioner: Partitioner, identifier: string, taken: Map<string, string>): Promise<void> {
    for await (const share of partitioner.shares({ signal: this.#stop.signal })) {
      for (const item of share.items) {
        assert.equal(taken.get(item), undefined, `${identifier} has ${item}, and so has ${taken.get(item)}`);
        taken.set(item, identifier);
        share.hold(item).assertHeld();
      }
      this.shares.push(share.items);
      this.current = share;
      await untilAborted(share.signal);
      for (const item of share.items) taken.delete(item);
      this.current = undefined;
    }
  }

  async leave(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** How it ended by itself. */
  get ended(): Promise<void> {
    return this.#running;
  }
}

async function untilShared(client: ZookeeperClient, followers: readonly Follower[]): Promise<void> {
  const isShared = () => {
    const items = followers.flatMap(({ current }) => current?.items ?? []);
    const sizes = followers.map(({ current }) => current?.items.length ?? -1);
    return items.length === ITEMS.length && Math.max(...sizes) - Math.min(...sizes) <= 1;
  };
  while (!isShared()) await client.sync();
}

test('items are shared out evenly, anew for whoever joins or leaves, and none is had twice', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  await using other = await connect({ servers: server.servers });
  const taken = new Map<string, string>();
  const one = new Follower(client, '/shared', 'one', taken);
  await untilShared(client, [one]);
  assert.deepEqual(one.shares, [ITEMS]);
  const two = new Follower(other, '/shared', 'two', taken);
  await untilShared(client, [one, two]);
  assert.deepEqual(one.current?.items, ['a', 'c', 'e']);
  assert.deepEqual(two.current?.items, ['b', 'd']);
  const hold = two.current?.hold('b');
  assert.equal(await hold?.guard({ kind: 'create', path: '/shared/by-two' }), '/shared/by-two');
  assert.throws(() => one.current?.hold('b'), { code: 'BAD_REQUEST' });
  const three = new Follower(other, '/shared', 'three', taken);
  await untilShared(client, [one, two, three]);
  await one.leave();
  await untilShared(client, [two, three]);
  await Promise.all([two.leave(), three.leave()]);
  assert.deepEqual(await childrenOf(client, '/shared/party'), []);
  for (const item of ITEMS) assert.deepEqual(await childrenOf(client, `/shared/locks/${item}`), []);
  await assert.rejects(hold?.guard({ kind: 'delete', path: '/shared/by-two' }) ?? Promise.resolve(), {
    code: 'HOLD_LOST',
  });
});

test('the items of a member whose session ends go to the others', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  await using proxy = await server.lossy();
  const dying = await connect({ servers: proxy.address, sessionTimeoutMs: 3_000 });
  // Each with its own, since the one that dies may learn of it a moment later here, in one process.
  const one = new Follower(client, '/dying', 'one', new Map());
  const two = new Follower(dying, '/dying', 'two', new Map());
  const ended = assert.rejects(two.ended, { code: 'HOLD_LOST' });
  await untilShared(client, [one, two]);
  const lost = two.current;
  proxy.setOpen(false);
  await untilShared(client, [one]);
  assert.throws(() => lost?.hold('b').assertHeld(), { code: 'HOLD_LOST' });
  await ended;
  await one.leave();
  await dying.close();
});

test('more members than items, one that leaves from within, and wrong options', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  const taken = new Map<string, string>();
  const followers = ['1', '2', '3', '4', '5', '6'].map((name) => new Follower(client, '/few', name, taken));
  await untilShared(client, followers);
  assert.equal(followers.at(-1)?.current?.items.length, 0);
  await Promise.all(followers.map((follower) => follower.leave()));
  for await (const share of new Partitioner(client, '/few', { items: ['x', 'x'], quietMs: 0 }).shares()) {
    assert.deepEqual(share.items, ['x']);
    break;
  }
  assert.deepEqual(await childrenOf(client, '/few/party'), []);
  assert.deepEqual(await childrenOf(client, '/few/locks/x'), []);
  for (const bad of [{ items: ['a/b'] }, { items: [''] }, { items: [], identifier: '/' }, { items: [], quietMs: -1 }]) {
    assert.throws(() => new Partitioner(client, '/few', bad), { code: 'BAD_REQUEST' });
  }
});
