// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerByHand } from '../../lab/zookeeper/by-hand.ts';
import { MaybeAppliedError, ZookeeperClient } from '../../src/client/index.ts';
import { CLIENT_PORT } from '../../src/model/member.ts';
import { realEnsemble } from '../support/real-server.ts';
import { LossyProxy } from './lossy-proxy.ts';

const LIMIT = { timeout: 60_000 };

/** SIGSTOP reaches the threads of a busy process one by one: returns once all of them stand still. */
async function freeze(server: ServerByHand): Promise<void> {
  await server.kill('SIGSTOP');
  const folder = `/proc/${server.pid}/task`;
  for (;;) {
    const threads = await readdir(folder);
    const states = await Promise.all(threads.map((thread) => readFile(`${folder}/${thread}/stat`, 'utf8')));
    if (states.every((state) => /\) T /.test(state))) return;
    await sleep(5);
  }
}

async function untilConnected(client: ZookeeperClient, server?: string): Promise<void> {
  for await (const status of client.statuses({ signal: AbortSignal.timeout(20_000) })) {
    if (status.kind === 'connected' && (server === undefined || status.server !== server)) return;
  }
  assert.fail(`the client did not connect again, it is ${client.status.kind}`);
}

test('kill -9 under a pending write: maybe applied, and the session goes on', LIMIT, async () => {
  await using ensemble = await realEnsemble(1);
  const server = ensemble.server(1);
  await using client = await ZookeeperClient.connect({
    servers: `${server.address}:${CLIENT_PORT}`,
    sessionTimeoutMs: 30_000,
  });
  await client.create('/a', { data: Buffer.from('old') });
  await client.create('/ephemeral', { ephemeral: true });
  const { sessionId } = client;
  await freeze(server);
  const lost = Promise.all([
    assert.rejects(client.set('/a', Buffer.from('new')), (error: Error) => error instanceof MaybeAppliedError),
    assert.rejects(client.get('/a'), { code: 'CONNECTION_LOST' }),
  ]);
  await sleep(100);
  await server.kill('SIGKILL');
  await lost;
  const whileAway = client.get('/a');
  await ensemble.start(1);
  // The stopped process had not read the write, and it is not sent again.
  const { data, stat } = await whileAway;
  assert.equal(data.toString(), 'old');
  assert.equal(stat.version, 0);
  assert.equal(client.sessionId, sessionId);
  assert.equal((await client.exists('/ephemeral'))?.ephemeralOwner, sessionId);
});

test('SIGSTOP of the server: the read deadline fires, calls end, the session is resumed', LIMIT, async () => {
  await using ensemble = await realEnsemble(1);
  const server = ensemble.server(1);
  await using client = await ZookeeperClient.connect({
    servers: `${server.address}:${CLIENT_PORT}`,
    sessionTimeoutMs: 1_500,
  });
  await client.create('/a');
  await freeze(server);
  await assert.rejects(client.get('/a'), { code: 'CONNECTION_LOST', message: /silent for/ });
  await server.kill('SIGCONT');
  // The server's clock stood still with it, so either is right: what matters is that no call hangs.
  const outcome = await client.exists('/a').then(
    () => 'resumed',
    (error: { code: string }) => error.code,
  );
  assert.ok(['resumed', 'SESSION_EXPIRED', 'CONNECTION_LOST'].includes(outcome), outcome);
});

test('lost connections: the session, its ephemeral nodes and its credentials stay', LIMIT, async () => {
  await using ensemble = await realEnsemble(1);
  await using proxy = await LossyProxy.start(ensemble.server(1).address, CLIENT_PORT);
  await using client = await ZookeeperClient.connect({ servers: proxy.address, sessionTimeoutMs: 20_000 });
  await client.addAuth('digest', 'user:password');
  const acl = [{ permissions: 31, scheme: 'auth', id: '' }];
  await client.create('/e', { ephemeral: true, acl });
  const { sessionId } = client;
  for (let round = 0; round < 5; round++) {
    proxy.cut();
    await sleep(20);
    await untilConnected(client);
    assert.ok(client.status.kind === 'connected' && client.status.resumed);
    assert.equal(client.sessionId, sessionId);
    assert.equal((await client.get('/e')).stat.ephemeralOwner, sessionId);
  }
});

test('a write whose answer is lost was applied once, and is told as maybe applied', LIMIT, async () => {
  await using ensemble = await realEnsemble(1);
  await using proxy = await LossyProxy.start(ensemble.server(1).address, CLIENT_PORT);
  await using client = await ZookeeperClient.connect({ servers: proxy.address, sessionTimeoutMs: 20_000 });
  await client.create('/a');
  proxy.swallowAnswers(true);
  const write = client.set('/a', Buffer.from('applied'));
  await sleep(300);
  proxy.swallowAnswers(false);
  proxy.cut();
  await assert.rejects(write, { code: 'MAYBE_APPLIED' });
  const { data, stat } = await client.get('/a');
  assert.equal(data.toString(), 'applied');
  assert.equal(stat.version, 1);
});

test('a session that expires on the servers ends the client', LIMIT, async () => {
  await using ensemble = await realEnsemble(1);
  const { address } = ensemble.server(1);
  await using proxy = await LossyProxy.start(address, CLIENT_PORT);
  await using client = await ZookeeperClient.connect({ servers: proxy.address, sessionTimeoutMs: 1_000 });
  await using other = await ZookeeperClient.connect({ servers: `${address}:${CLIENT_PORT}` });
  await client.create('/e', { ephemeral: true });
  proxy.setOpen(false);
  const waiting = client.get('/e');
  waiting.catch(() => {});
  while ((await other.exists('/e')) !== undefined) await sleep(50);
  proxy.setOpen(true);
  await assert.rejects(waiting, (error: { code: string }) =>
    ['SESSION_EXPIRED', 'CONNECTION_LOST'].includes(error.code),
  );
  await assert.rejects(client.get('/e'), { code: 'SESSION_EXPIRED' });
  assert.equal(client.status.kind, 'expired');
});

test('the server of three that a client is on dies: the session moves to another', LIMIT, async () => {
  await using ensemble = await realEnsemble(3);
  const servers = ensemble.members.map((member) => `${member.address}:${CLIENT_PORT}`).join(',');
  await using client = await ZookeeperClient.connect({ servers, sessionTimeoutMs: 10_000 });
  await client.create('/e', { ephemeral: true });
  const { sessionId, status } = client;
  assert.ok(status.kind === 'connected');
  const member = ensemble.members.find(({ address }) => status.server === `${address}:${CLIENT_PORT}`);
  assert.ok(member);
  await ensemble.server(member.id).kill('SIGKILL');
  await untilConnected(client, status.server);
  for (;;) {
    try {
      assert.equal((await client.exists('/e'))?.ephemeralOwner, sessionId);
      break;
    } catch (error) {
      // While the others elect a leader connections come and go.
      assert.equal((error as { code?: unknown }).code, 'CONNECTION_LOST');
    }
  }
  assert.equal(client.sessionId, sessionId);
});
