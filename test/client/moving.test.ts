// SPDX-License-Identifier: Apache-2.0
/** Sessions move to another server by themselves: to be even after a rotation, and back to their own zone. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { settingsOf } from '../../src/client/client-options.ts';
import type { ClientOptions } from '../../src/client/index.ts';
import { create } from '../../src/client/operations/create.ts';
import { exists } from '../../src/client/operations/exists.ts';
import { reportOf } from '../../src/client/server-report.ts';
import { ZookeeperSession } from '../../src/client/session.ts';
import { createRequestOf } from '../../src/client/transaction.ts';
import { CLIENT_PORT } from '../../src/model/member.ts';
import { type RealEnsemble, realEnsemble } from '../support/real-server.ts';
import { FakeServer, frame, int, long, reply, STAT } from './fake-server.ts';

const LIMIT = { timeout: 240_000 };
const SESSIONS = 200;
/** Looks follow each other eight times as fast as for users. */
const PACE = 1 / 8;

let ensemble: RealEnsemble;

before(async () => {
  ensemble = await realEnsemble(3, { moreLines: ['maxClientCnxns=0'] });
}, LIMIT);

after(() => ensemble?.[Symbol.asyncDispose](), LIMIT);

function addressOf(id: number): string {
  return `${ensemble.server(id).address}:${CLIENT_PORT}`;
}

async function opened(options: ClientOptions): Promise<ZookeeperSession> {
  const { servers, settings } = settingsOf({ sessionTimeoutMs: 30_000, ...options });
  const session = new ZookeeperSession(servers, { ...settings, movePace: PACE });
  await session.start(undefined);
  return session;
}

function serverOf(session: ZookeeperSession): string {
  const { current } = session.status;
  return current.kind === 'connected' ? current.server : current.kind;
}

async function until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  const limitMs = performance.now() + 60_000;
  while (!(await isSo())) {
    if (performance.now() > limitMs) assert.fail(`not within 60 s: ${what}`);
    await sleep(100);
  }
}

async function restart(id: number): Promise<void> {
  await ensemble.server(id).kill();
  await sleep(300);
  await (await ensemble.start(id)).untilServing();
}

/** Of the servers' own word. */
async function connections(): Promise<readonly number[]> {
  return await Promise.all(
    [1, 2, 3].map(async (id) => {
      const [, count] = /^zk_num_alive_connections\s+(\d+)/m.exec(await ensemble.server(id).ask('mntr')) ?? [];
      return Number(count);
    }),
  );
}

test('after each server was restarted in turn, sessions are even again, and the same', LIMIT, async () => {
  const servers = [1, 2, 3].map(addressOf).join(',');
  // Half of them know one name for all.
  const resolve = async () => [1, 2, 3].map((id) => ensemble.server(id).address);
  const options = [{ servers }, { servers: `zookeeper.test:${CLIENT_PORT}`, resolve }];
  const sessions = await Promise.all(Array.from({ length: SESSIONS }, (_, index) => opened(options[index % 2] ?? {})));
  try {
    const ids = sessions.map(({ id }) => id);
    const path = '/kept';
    await sessions[0]?.request(create, createRequestOf(path, { ephemeral: true }), path);
    for (const id of [1, 2, 3]) {
      await restart(id);
      await until(`all connected after the restart of ${id}`, () => sessions.every(({ isConnected }) => isConnected));
    }
    let counts: readonly number[] = [];
    await until('even', async () => {
      counts = await connections();
      return Math.min(...counts) > 0 && Math.max(...counts) / Math.min(...counts) <= 1.3;
    });
    assert.ok(counts.reduce((sum, count) => sum + count) >= SESSIONS, String(counts));
    await until('all connected', () => sessions.every(({ isConnected }) => isConnected));
    assert.deepEqual(
      sessions.map(({ id }) => id),
      ids,
    );
    assert.equal((await sessions[1]?.request(exists, path, path))?.ephemeralOwner, ids[0]);
  } finally {
    await Promise.all(sessions.map((session) => session.close()));
  }
});

test('sessions that all begin on one server are spread once they know the others', LIMIT, async () => {
  const began = await Promise.all(
    Array.from({ length: 60 }, () => opened({ servers: addressOf(2), followConfig: true })),
  );
  try {
    const ids = began.map(({ id }) => id);
    let counts: readonly number[] = [];
    await until('even', async () => {
      counts = await connections();
      return Math.min(...counts) >= 10 && Math.max(...counts) / Math.min(...counts) <= 1.3;
    });
    await until('all connected', () => began.every(({ isConnected }) => isConnected));
    assert.deepEqual(
      began.map(({ id }) => id),
      ids,
    );
  } finally {
    await Promise.all(began.map((session) => session.close()));
  }
});

test('a move waits for the answers to all that is in flight', LIMIT, async () => {
  const report = 'Mode: follower\nConnections: 1\n';
  const events: string[] = [];
  const mayAnswer = Promise.withResolvers<void>();
  await using away = await FakeServer.start(async (peer) => {
    const [first] = await once(peer.socket, 'data');
    if (String(first).startsWith('srvr')) return void peer.socket.end(report);
    await peer.greet();
    for (;;) {
      const { xid } = await peer.call();
      await mayAnswer.promise;
      events.push('answered');
      peer.socket.write(reply(xid, STAT));
    }
  });
  let serves = false;
  await using own = await FakeServer.start(async (peer) => {
    const [first] = await once(peer.socket, 'data');
    if (!serves) return void peer.socket.destroy();
    if (String(first).startsWith('srvr')) {
      events.push('asked');
      return void peer.socket.end(report);
    }
    events.push('moved');
    await peer.greet();
    for (;;) peer.socket.write(reply((await peer.call()).xid, STAT));
  });
  const preferZone = { zone: 'own', servers: { own: [own.address] } };
  const session = await opened({ servers: `${away.address},${own.address}`, preferZone, closeTimeoutMs: 50 });
  try {
    assert.equal(serverOf(session), away.address);
    const inFlight = session.request(exists, '/a', '/a');
    serves = true;
    // The client has seen it, and has asked all of them: it wants to move.
    await until('asked twice', () => events.length >= 2);
    await sleep(200);
    const later = session.request(exists, '/b', '/b');
    assert.deepEqual(new Set(events), new Set(['asked']));
    mayAnswer.resolve();
    assert.equal((await inFlight)?.version, 7);
    assert.equal((await later)?.version, 7);
    await until('moved', () => serverOf(session) === own.address);
    const told = events.filter((event) => event !== 'asked');
    assert.deepEqual([told[0], told.at(-1)], ['answered', 'moved']);
  } finally {
    await session.close();
  }
});

test(
  'out of its zone only while nobody serves there; then back within the session, and no call fails',
  LIMIT,
  async () => {
    const servers = [1, 2, 3].map(addressOf).join(',');
    const zones = { here: [ensemble.server(1).address], there: [addressOf(2), addressOf(3)] };
    const session = await opened({ servers, preferZone: { zone: 'here', servers: zones } });
    let isOver = false;
    try {
      assert.equal(serverOf(session), addressOf(1));
      const { id } = session;
      await ensemble.server(1).kill();
      await until('elsewhere', () => session.isConnected && serverOf(session) !== addressOf(1));
      const answers = () =>
        session.request(exists, '/', '/').then(
          () => true,
          () => false,
        );
      // While the servers elect a leader connections come and go.
      await until('the others serve', answers);
      const started = await ensemble.start(1);
      // Always some in flight, until the session is back: it has to hold them back to move.
      let calls = 0;
      const causes: unknown[] = [];
      const callers = Array.from({ length: 20 }, async () => {
        for (; !isOver; calls++) await session.request(exists, '/', '/').catch((error: unknown) => causes.push(error));
      });
      await started.untilServing();
      await until('back', () => serverOf(session) === addressOf(1));
      const before = calls;
      await until('calls go on', () => calls > before + 10);
      isOver = true;
      await Promise.all(callers);
      // A slow machine may lose a connection. A move is told by its own reason.
      assert.deepEqual(
        causes.filter((error) => /left /.test(String(error))),
        [],
      );
      assert.equal(session.id, id);
    } finally {
      isOver = true;
      await session.close();
    }
  },
);

test('what a server says of itself: also one that answers no such words, and one that is gone', LIMIT, async () => {
  const settings = { handshakeTimeoutMs: 5_000 };
  const { signal } = new AbortController();
  const real = { host: ensemble.server(2).address, port: CLIENT_PORT };
  const report = await reportOf(real, real.host, 0n, settings, signal);
  assert.ok(report.serves && (report.connections ?? 0) >= 1);
  const asked: string[] = [];
  let serves = true;
  await using mute = await FakeServer.start((peer) => {
    peer.socket.once('data', (chunk: Buffer) => {
      asked.push(chunk.toString('latin1', 0, 4));
      const isWord = asked.at(-1) === 'srvr';
      if (isWord) peer.socket.end('srvr is not executed because it is not in the whitelist.');
      // What a real server answers when the session does not exist.
      else if (serves) peer.socket.end(frame(int(0), int(0), long(0n), int(16), Buffer.alloc(16)));
      else peer.socket.end();
    });
  });
  const [host = '', port] = mute.address.split(':');
  const ask = () => reportOf({ host, port: Number(port) }, host, 0n, settings, signal);
  assert.deepEqual(await ask(), { serves: true, connections: undefined });
  serves = false;
  assert.deepEqual(await ask(), { serves: false, connections: undefined });
  assert.deepEqual([asked.length, asked[0], asked[2]], [4, 'srvr', 'srvr']);
  const gone = { host: '127.0.0.1', port: 1 };
  assert.deepEqual(await reportOf(gone, gone.host, 0n, settings, signal), { serves: false, connections: undefined });
});
