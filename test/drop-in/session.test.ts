// SPDX-License-Identifier: Apache-2.0
/** What the drop-in does where the old client failed, and what comes of lost connections. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, CreateMode, createClient, type Event, Exception, State } from '../../src/drop-in/index.ts';
import { LossyProxy } from '../client/lossy-proxy.ts';
import { type RealEnsemble, realEnsemble } from '../support/real-server.ts';

const LIMIT = { timeout: 120_000 };
const PORT = 2181;

let ensemble: RealEnsemble;
before(async () => {
  ensemble = await realEnsemble(1);
});
after(() => ensemble?.[Symbol.asyncDispose]());

interface Harness extends AsyncDisposable {
  readonly client: Client;
  readonly proxy: LossyProxy;
  /** The events, and the numbers of `connectionManager.state` with them. */
  readonly events: string[];
}

async function connected(options: Parameters<typeof createClient>[1] = {}): Promise<Harness> {
  const proxy = await LossyProxy.start(ensemble.server(1).address, PORT);
  const client = createClient(proxy.address, { sessionTimeout: 20_000, ...options });
  const events: string[] = [];
  for (const event of ['connected', 'disconnected', 'expired', 'authenticationFailed']) {
    client.on(event, () => events.push(`${event} ${client.connectionManager.state} ${client.getState()}`));
  }
  client.connect();
  await once(client, 'connected');
  return {
    client,
    proxy,
    events,
    [Symbol.asyncDispose]: async () => {
      client.close();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

type Outcome = readonly [Error | Exception | null, ...unknown[]];

function outcome(
  call: (callback: (...results: [Error | Exception | null, ...unknown[]]) => void) => void,
): Promise<Outcome> {
  return new Promise((resolve) => call((...results) => resolve(results)));
}

function codeOf([error]: Outcome): number | undefined {
  return error instanceof Exception ? error.getCode() : undefined;
}

test(
  'a call without its answer ends with CONNECTION_LOSS before the event, and the session goes on',
  LIMIT,
  async () => {
    await using harness = await connected();
    const { client, proxy, events } = harness;
    assert.equal((await outcome((done) => client.create('/lost', CreateMode.EPHEMERAL, done)))[0], null);
    const id = client.getSessionId();
    const heard: Event[] = [];
    await outcome((done) => client.getData('/lost', (event) => heard.push(event), done));
    proxy.swallowAnswers(true);
    const lost = outcome((done) => client.getData('/lost', done)).then((result) => [result, [...events]] as const);
    await sleep(50);
    proxy.swallowAnswers(false);
    proxy.cut();
    const [result, eventsThen] = await lost;
    assert.equal(codeOf(result), Exception.CONNECTION_LOSS);
    assert.ok(result[0]?.cause instanceof Error);
    assert.deepEqual(eventsThen, ['connected 2 SYNC_CONNECTED[3]']);
    // A call that is made meanwhile waits for the next connection.
    const [error, stat] = await outcome((done) => client.setData('/lost', Buffer.from('x'), done));
    assert.equal(error, null);
    assert.equal((stat as { version: number }).version, 1);
    assert.deepEqual(events.slice(1), ['disconnected 0 DISCONNECTED[0]', 'connected 2 SYNC_CONNECTED[3]']);
    assert.deepEqual(client.getSessionId(), id);
    // The watcher was set again, and is called once.
    await outcome((done) => client.setData('/lost', Buffer.from('y'), done));
    assert.deepEqual(heard.map(String), ['NODE_DATA_CHANGED[3]@/lost']);
  },
);

test('with `retries`, a call that lost its connection is done again', LIMIT, async () => {
  await using harness = await connected({ retries: 3 });
  const { client, proxy } = harness;
  await outcome((done) => client.create('/again', Buffer.from('x'), done));
  proxy.swallowAnswers(true);
  const read = outcome((done) => client.getData('/again', done));
  await sleep(50);
  proxy.swallowAnswers(false);
  proxy.cut();
  const [error, data] = await read;
  assert.equal(error, null);
  assert.equal(String(data), 'x');
});

test('a server that says nothing any more counts as lost', LIMIT, async () => {
  await using harness = await connected({ sessionTimeout: 6_000 });
  const { client, proxy, events } = harness;
  proxy.swallowAnswers(true);
  await once(client, 'disconnected');
  proxy.swallowAnswers(false);
  if (client.getState() !== State.SYNC_CONNECTED) await once(client, 'connected');
  assert.deepEqual(events, [
    'connected 2 SYNC_CONNECTED[3]',
    'disconnected 0 DISCONNECTED[0]',
    'connected 2 SYNC_CONNECTED[3]',
  ]);
});

test('an expired session is told once, with its events in the old order; later calls say so', LIMIT, async () => {
  await using harness = await connected({ sessionTimeout: 4_000 });
  await using witness = await connected();
  const { client, proxy, events } = harness;
  await outcome((done) => client.create('/expiring', CreateMode.EPHEMERAL, done));
  const gone = new Promise<void>((resolve) => {
    witness.client.exists(
      '/expiring',
      () => resolve(),
      () => {},
    );
  });
  proxy.setOpen(false);
  proxy.cut();
  await once(client, 'disconnected');
  const waiting = outcome((done) => client.exists('/', done));
  await gone;
  proxy.setOpen(true);
  await once(client, 'expired');
  assert.equal(codeOf(await waiting), Exception.SESSION_EXPIRED);
  assert.equal(codeOf(await outcome((done) => client.exists('/', done))), Exception.SESSION_EXPIRED);
  assert.deepEqual(events.slice(1), [
    'disconnected 0 DISCONNECTED[0]',
    'expired -3 EXPIRED[-122]',
    'disconnected 0 DISCONNECTED[0]',
  ]);
  assert.equal(client.connectionManager.state, -2);
});

test('close: before connect, before a connection, twice, and with a connect after it', LIMIT, async () => {
  const never = createClient(`${ensemble.server(1).address}:${PORT}`);
  const early = outcome((done) => never.exists('/', done));
  never.close();
  await once(never, 'disconnected');
  assert.equal(codeOf(await early), Exception.CONNECTION_LOSS);

  const soon = createClient(`${ensemble.server(1).address}:${PORT}`);
  soon.connect();
  soon.close();
  soon.close();
  await once(soon, 'disconnected');
  assert.equal(codeOf(await outcome((done) => soon.exists('/', done))), Exception.CONNECTION_LOSS);
  const events = Promise.all([once(soon, 'expired'), once(soon, 'disconnected')]);
  soon.connect();
  await events;
});

test('whole trees are listed and removed, and data may be null', LIMIT, async () => {
  await using harness = await connected();
  const { client } = harness;
  for (const path of ['/tree/a/b', '/tree/c/d/e']) await outcome((done) => client.mkdirp(path, done));
  const [, paths] = await outcome((done) => client.listSubTreeBFS('/tree', done));
  assert.deepEqual((paths as string[]).slice(0, 1), ['/tree']);
  assert.deepEqual((paths as string[]).toSorted(), [
    '/tree',
    '/tree/a',
    '/tree/a/b',
    '/tree/c',
    '/tree/c/d',
    '/tree/c/d/e',
  ]);
  assert.equal((await outcome((done) => client.setData('/tree/a', null, done)))[0], null);
  assert.equal((await outcome((done) => client.getData('/tree/a', done)))[1], undefined);
  assert.equal((await outcome((done) => client.removeRecursive('/tree', done)))[0], null);
  assert.deepEqual(await outcome((done) => client.exists('/tree', done)), [null, null]);
});

test('what a callback throws is an uncaught exception, and the next calls are told all the same', LIMIT, async () => {
  await using harness = await connected();
  const { client } = harness;
  const thrown = new Error('thrown by a callback');
  const uncaught = once(process, 'uncaughtException');
  // The test runner's own listener would take it for a failure of this test.
  const others = process.listeners('uncaughtException').slice(0, -1);
  for (const listener of others) process.off('uncaughtException', listener);
  try {
    client.exists('/', () => {
      throw thrown;
    });
    const next = outcome((done) => client.exists('/', done));
    assert.equal((await uncaught)[0], thrown);
    assert.equal((await next)[0], null);
  } finally {
    for (const listener of others) process.on('uncaughtException', listener);
  }
});

test('a connection string that is none, and options that are none, are thrown at once', () => {
  for (const wrong of ['a:99999999', 'a:1/x/', ' ', 'a b']) {
    assert.throws(() => createClient(wrong), { name: 'AssertionError' }, wrong);
  }
  for (const sessionTimeout of [0, -1, Number.NaN, 2 ** 31]) {
    assert.throws(() => createClient('a:1', { sessionTimeout }), { name: 'AssertionError' });
  }
  for (const usual of ['a', 'a:', 'a:1,b:2', 'a:1, b:2', 'a:1/', '[::1]:1/x']) createClient(usual).close();
});
