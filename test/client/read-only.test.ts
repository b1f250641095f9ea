// SPDX-License-Identifier: Apache-2.0
/** Servers that have lost their quorum and still answer reads. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ClientStatus, ZookeeperClient } from '../../src/client/index.ts';
import { CLIENT_PORT } from '../../src/model/member.ts';
import { realEnsemble } from '../support/real-server.ts';
import { FakeServer, handshakeReply, reply, SESSION_ID, STAT } from './fake-server.ts';

const LIMIT = { timeout: 90_000 };

async function connected(client: ZookeeperClient, readOnly: boolean): Promise<ClientStatus & { kind: 'connected' }> {
  for await (const status of client.statuses({ signal: AbortSignal.timeout(60_000) })) {
    if (status.kind === 'connected' && status.readOnly === readOnly) return status;
  }
  assert.fail(`it is ${client.status.kind}`);
}

test('a server that lost its quorum answers reads of new clients; with the quorum, sessions go on', LIMIT, async () => {
  // Without sessions of a server's own, a server that lost its quorum could open none.
  const moreLines = ['localSessionsEnabled=true', 'localSessionsUpgradingEnabled=true'];
  await using ensemble = await realEnsemble(3, { jvmOptions: ['-Dreadonlymode.enabled=true'], moreLines });
  const servers = ensemble.members.map(({ id }) => ({ host: ensemble.server(id).address, port: CLIENT_PORT }));
  const sessionTimeoutMs = 20_000;
  await using client = await ZookeeperClient.connect({ servers, allowReadOnly: true, sessionTimeoutMs });
  await using full = await ZookeeperClient.connect({ servers, sessionTimeoutMs });
  await client.create('/a', { data: Buffer.from('kept') });
  await client.create('/mine', { ephemeral: true });
  await full.create('/yours', { ephemeral: true });
  const { sessionId } = client;
  await Promise.all([2, 3].map((id) => ensemble.server(id).kill()));
  // A client that first meets the ensemble in this state gets a session of this server alone.
  await using late = await ZookeeperClient.connect({ servers, allowReadOnly: true, sessionTimeoutMs });
  const { watch } = await late.getAndWatch('/a');
  const lateId = late.sessionId;
  assert.equal((await connected(late, true)).resumed, false);
  assert.equal((await late.get('/a')).data.toString(), 'kept');
  await assert.rejects(late.set('/a', Buffer.alloc(1)), { code: 'NOT_READ_ONLY' });
  // Servers of 3.9 take nobody there who has a session already: such a client keeps it, and waits for a full server.
  for (const { status } of [client, full]) assert.equal(status.kind, 'disconnected');

  await Promise.all([2, 3].map((id) => ensemble.start(id, { jvmOptions: ['-Dreadonlymode.enabled=true'] })));
  assert.equal((await connected(client, false)).resumed, true);
  assert.equal(client.sessionId, sessionId);
  assert.equal((await client.exists('/mine'))?.ephemeralOwner, sessionId);
  const moved = await connected(late, false);
  assert.equal(moved.resumed, false);
  assert.notEqual(late.sessionId, lateId);
  await client.set('/a', Buffer.alloc(1));
  const kinds: string[] = [];
  for await (const { kind } of watch) kinds.push(kind);
  assert.deepEqual([kinds[0], kinds.at(-1)], ['disconnected', 'changed']);
});

test('while its server is read-only, the client looks for a full one and moves there', LIMIT, async () => {
  const asked: string[] = [];
  const answers = ['', 'ro', 'rw'];
  const flags: number[] = [];
  await using readOnly = await FakeServer.start(async (peer, number) => {
    if (number > 0) return void peer.socket.end('ro');
    flags.push((await peer.frame()).at(-1) ?? -1);
    peer.socket.write(handshakeReply(10_000, SESSION_ID, true));
    await peer.call();
  });
  await using later = await FakeServer.start(async (peer, number) => {
    const answer = answers[number];
    if (answer !== undefined) {
      peer.socket.once('data', (word: Buffer) => {
        asked.push(word.toString());
        peer.socket.end(answer);
      });
      return;
    }
    const handshake = await peer.frame();
    // The session of a read-only server is not asked for elsewhere.
    assert.equal(handshake.readBigInt64BE(16), 0n);
    peer.socket.write(handshakeReply(10_000, SESSION_ID + 1n));
    for (;;) peer.socket.write(reply((await peer.call()).xid, STAT));
  });
  const { host, port } = addressOf(readOnly);
  const servers = [{ host, port }, addressOf(later)];
  await using client = await ZookeeperClient.connect({
    servers,
    allowReadOnly: true,
    shuffle: false,
    closeTimeoutMs: 50,
  });
  assert.equal((await connected(client, true)).server, readOnly.address);
  const moved = await connected(client, false);
  assert.equal(moved.server, later.address);
  assert.equal(moved.sessionId, SESSION_ID + 1n);
  assert.deepEqual(asked, ['isro', 'isro', 'isro']);
  assert.deepEqual(flags, [1]);
  assert.equal((await client.exists('/a'))?.version, 7);
});

function addressOf(fake: FakeServer): { readonly host: string; readonly port: number } {
  const [host = '', port] = fake.address.split(':');
  return { host, port: Number(port) };
}
