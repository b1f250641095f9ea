// SPDX-License-Identifier: Apache-2.0
/** Data and children watches on a real server: each state, the gaps between them, and their ends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ChildrenWatchEvent,
  CREATOR_ACL,
  childrenWatch,
  connect,
  type DataWatchEvent,
  dataWatch,
} from '../../../src/client/index.ts';
import { oneServerWithClient } from '../one-server.ts';

const LIMIT = { timeout: 180_000 };
const SET_WATCHES = 105;

const server = oneServerWithClient();

type AnyEvent = DataWatchEvent | ChildrenWatchEvent;

async function next(events: AsyncGenerator<AnyEvent, void>): Promise<string> {
  const { value, done } = await events.next();
  if (done === true || value === undefined) return 'done';
  if (value.kind === 'data') return `data ${value.data.toString()}`;
  if (value.kind === 'children') return `children ${value.children}`;
  return value.kind;
}

test('data: the state now, each later one, and a znode that comes and goes', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  const events = dataWatch(client, '/data');
  assert.equal(await next(events), 'missing');
  await server.client.create('/data', { data: Buffer.from('1') });
  assert.equal(await next(events), 'data 1');
  await server.client.set('/data', Buffer.from('2'));
  assert.equal(await next(events), 'data 2');
  // Two changes before the reader comes are one.
  await server.client.set('/data', Buffer.from('3'));
  await server.client.set('/data', Buffer.from('4'));
  assert.equal(await next(events), 'data 4');
  await server.client.delete('/data');
  assert.equal(await next(events), 'missing');
  await server.client.create('/data', { data: Buffer.from('5') });
  assert.equal(await next(events), 'data 5');
  await events.return();
  assert.equal(await next(events), 'done');
  await client.sync();
  assert.match(await server.ask('mntr'), /^zk_watch_count\t0/m);
});

test('children: sorted names, after each change', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  const events = childrenWatch(client, '/children');
  assert.equal(await next(events), 'missing');
  await server.client.create('/children');
  assert.equal(await next(events), 'children ');
  for (const name of ['b', 'a']) await server.client.create(`/children/${name}`);
  assert.equal(await next(events), 'children a,b');
  await server.client.set('/children', Buffer.from('no child'));
  await server.client.delete('/children/b');
  assert.equal(await next(events), 'children a');
  await server.client.delete('/children/a');
  await server.client.delete('/children');
  assert.equal(await next(events), 'missing');
  await events.return();
});

test('a lost connection stands in the stream; with nothing changed it costs no request', LIMIT, async () => {
  await using proxy = await server.framed();
  await using client = await connect({ servers: proxy.address, sessionTimeoutMs: 20_000 });
  await server.client.create('/gaps', { data: Buffer.from('1') });
  const data = dataWatch(client, '/gaps');
  const children = childrenWatch(client, '/gaps');
  assert.equal(await next(data), 'data 1');
  assert.equal(await next(children), 'children ');
  proxy.opcodes.length = 0;
  const gap = Promise.all([next(data), next(children)]);
  proxy.cut();
  assert.deepEqual(await gap, ['disconnected', 'disconnected']);
  assert.deepEqual(await Promise.all([next(data), next(children)]), ['reconnected', 'reconnected']);
  assert.deepEqual(
    proxy.opcodes.filter((opcode) => opcode !== SET_WATCHES),
    [],
  );
  const second = Promise.all([next(data), next(children)]);
  proxy.setOpen(false);
  assert.deepEqual(await second, ['disconnected', 'disconnected']);
  await server.client.set('/gaps', Buffer.from('2'));
  await server.client.create('/gaps/child');
  proxy.setOpen(true);
  assert.deepEqual(await Promise.all([next(data), next(children)]), ['reconnected', 'reconnected']);
  assert.deepEqual(await Promise.all([next(data), next(children)]), ['data 2', 'children child']);
  // The watch fires, and the connection is lost with the read.
  proxy.lose(0, false);
  const third = next(data);
  await server.client.set('/gaps', Buffer.from('3'));
  assert.equal(await third, 'disconnected');
  assert.equal(await next(data), 'reconnected');
  assert.equal(await next(data), 'data 3');
  await data.return();
  await children.return();
});

test('it ends by an abort, with the client, with the session; a refusal is thrown', LIMIT, async () => {
  await using proxy = await server.framed();
  await using client = await connect({ servers: proxy.address, sessionTimeoutMs: 2_000 });
  await server.client.create('/ends', { data: Buffer.from('1') });
  const stop = new AbortController();
  const stopped = dataWatch(client, '/ends', { signal: stop.signal });
  assert.equal(await next(stopped), 'data 1');
  const waiting = next(stopped);
  stop.abort();
  assert.equal(await waiting, 'done');
  assert.equal(await next(dataWatch(client, '/ends', { signal: AbortSignal.abort() })), 'done');
  await assert.rejects(next(dataWatch(client, 'no-path')), { code: 'BAD_REQUEST' });
  await assert.rejects(next(dataWatch(client, '/ends', { timeoutMs: 0 })), { code: 'BAD_REQUEST' });

  const closing = await connect({ servers: server.servers });
  const closed = childrenWatch(closing, '/ends');
  await next(closed);
  const last = next(closed);
  await closing.close();
  assert.equal(await last, 'ended');
  assert.equal(await next(closed), 'done');
  assert.equal(await next(dataWatch(closing, '/ends')), 'ended');

  await using owner = await connect({ servers: server.servers });
  await owner.addAuth('digest', 'user:password');
  await owner.create('/ends/secret', { acl: CREATOR_ACL });
  await assert.rejects(next(dataWatch(client, '/ends/secret')), { code: 'NO_AUTH' });

  await client.create('/ends/of-this-session', { ephemeral: true });
  const events = dataWatch(client, '/ends');
  assert.equal(await next(events), 'data 1');
  const gap = next(events);
  proxy.setOpen(false);
  assert.equal(await gap, 'disconnected');
  const end = next(events);
  while ((await server.client.exists('/ends/of-this-session')) !== undefined) await sleep(20);
  proxy.setOpen(true);
  assert.equal(await end, 'ended');
  assert.equal(await next(events), 'done');
});
