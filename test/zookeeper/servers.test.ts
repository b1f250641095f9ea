// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError } from '../../src/errors.ts';
import { CLIENT_PORT, type EnsembleConfig, type Member, memberAt } from '../../src/model/member.ts';
import type { ServerAnswer } from '../../src/model/server.ts';
import { fromZxid, toZxid } from '../../src/model/zxid.ts';
import type { Servers, Session } from '../../src/ports.ts';
import { LAB_TIMINGS, type Timings } from '../../src/timings.ts';
import { askSrvr } from '../../src/zookeeper/four-letter-words.ts';
import { zookeeperServers } from '../../src/zookeeper/servers.ts';
import { emptyEnsemble, type RealEnsemble, realEnsemble } from '../support/real-server.ts';

const LIMIT = { timeout: 90_000 };
const NEVER = new AbortController().signal;
const SECRET = 'a secret of this test alone';
const TIMINGS: Timings = { ...LAB_TIMINGS, sessionTimeoutMs: 3_000, probeTimeoutMs: 1_000 };

/** A test's server may have its secret in the arguments: it guards nothing. */
const WITH_SECRET = {
  jvmOptions: [
    `-Dzookeeper.DigestAuthenticationProvider.superDigest=super:${createHash('sha1').update(`super:${SECRET}`).digest('base64')}`,
  ],
};

function serversWith(secret: string, timings = TIMINGS): Servers {
  return zookeeperServers({ timings, readSecret: async () => secret });
}

function addressOf(ensemble: RealEnsemble, id: number): string {
  return ensemble.block.address(id);
}

async function closing<T>(session: Session, action: (session: Session) => Promise<T>): Promise<T> {
  try {
    return await action(session);
  } finally {
    await session.close();
  }
}

/** Starts a server that lists the members and itself as observer, as a joiner does. */
async function startJoiner(ensemble: RealEnsemble, id: number, members: readonly Member[]): Promise<void> {
  const itself = memberAt(id, addressOf(ensemble, id), 'observer');
  const server = await ensemble.start(id, { start: 'joiner', members: [...members, itself] });
  await server.untilServing();
}

/** The leader counts a joiner only once it is in step: until then the answer is no-quorum. */
async function reconfigOnceInStep(
  session: Session,
  change: (config: EnsembleConfig) => Parameters<Session['reconfig']>[0],
): Promise<string> {
  for (let attempt = 0; attempt < 40; attempt++) {
    const answer = await session.reconfig(change(await session.config(NEVER)), NEVER);
    if (answer !== 'no-quorum' && answer !== 'in-progress') return answer;
    await sleep(250);
  }
  return 'never';
}

test('the config of a real ensemble is read as it stands', LIMIT, async () => {
  await using ensemble = await realEnsemble(3);
  const servers = serversWith('');
  await closing(await servers.open(addressOf(ensemble, 2), { secret: false }, NEVER), async (session) => {
    const config = await session.config(NEVER);
    assert.deepEqual(config.members, ensemble.members);
    assert.match(config.version, /^[0-9a-f]{16}$/);
  });
});

test('reconfig: refused without the secret, done with it, conditional on the version', LIMIT, async () => {
  await using ensemble = await realEnsemble(1, WITH_SECRET);
  const address = addressOf(ensemble, 1);
  const joiner = memberAt(2, addressOf(ensemble, 2), 'participant');
  await startJoiner(ensemble, 2, ensemble.members);

  for (const [servers, secret] of [
    [serversWith(SECRET), false],
    [serversWith('a wrong secret'), true],
  ] as const) {
    await closing(await servers.open(address, { secret }, NEVER), async (session) => {
      const { version } = await session.config(NEVER);
      const answer = await session.reconfig({ joining: [joiner], fromVersion: version }, NEVER);
      assert.equal(answer, 'not-authorized');
      assert.equal((await session.config(NEVER)).version, version);
    });
  }

  await closing(await serversWith(SECRET).open(address, { secret: true }, NEVER), async (session) => {
    const before = await session.config(NEVER);
    const stale = toZxid(fromZxid(before.version) + 1n);
    assert.equal(await session.reconfig({ joining: [joiner], fromVersion: stale }, NEVER), 'stale-version');

    const absent = memberAt(9, addressOf(ensemble, 9), 'participant');
    const alone = { joining: [absent], fromVersion: before.version };
    assert.equal(await session.reconfig(alone, NEVER), 'no-quorum');

    const answer = await reconfigOnceInStep(session, ({ version }) => ({ joining: [joiner], fromVersion: version }));
    assert.equal(answer, 'ok');
    const grown = await session.config(NEVER);
    assert.deepEqual(grown.members, [...ensemble.members, joiner]);
    assert.ok(grown.version > before.version);

    assert.equal(await session.reconfig({ leaving: [2], fromVersion: grown.version }, NEVER), 'ok');
    const shrunk = await session.config(NEVER);
    assert.deepEqual(shrunk.members, ensemble.members);
    await assert.rejects(
      session.reconfig({ leaving: [1], fromVersion: shrunk.version }, NEVER),
      (error: unknown) => error instanceof AgentError && error.code === 'BAD_ARGUMENT',
    );
  });
});

test('a reconfig whose answer does not come is maybe applied', LIMIT, async () => {
  await using ensemble = await realEnsemble(1, WITH_SECRET);
  const session = await serversWith(SECRET).open(addressOf(ensemble, 1), { secret: true }, NEVER);
  const { version } = await session.config(NEVER);
  await ensemble.server(1).kill('SIGSTOP');
  assert.equal(await session.reconfig({ leaving: [7], fromVersion: version }, NEVER), 'maybe-applied');
  // The connection is gone and no second one is made.
  await assert.rejects(session.config(NEVER), { code: 'ZOOKEEPER_UNAVAILABLE' });
  await session.close();
});

test('a reconfig that is interrupted once sent is maybe applied, a read is interrupted', LIMIT, async () => {
  await using ensemble = await realEnsemble(1, WITH_SECRET);
  const session = await serversWith(SECRET).open(addressOf(ensemble, 1), { secret: true }, NEVER);
  const { version } = await session.config(NEVER);
  await ensemble.server(1).kill('SIGSTOP');
  const signal = AbortSignal.timeout(200);
  const [change, read] = await Promise.allSettled([
    session.reconfig({ leaving: [7], fromVersion: version }, signal),
    session.config(signal),
  ]);
  assert.deepEqual(change, { status: 'fulfilled', value: 'maybe-applied' });
  assert.ok(read.status === 'rejected' && read.reason.code === 'INTERRUPTED');
  await session.close();
});

test('without reconfigEnabled the error says what to set', LIMIT, async () => {
  await using ensemble = await realEnsemble(1, WITH_SECRET);
  await ensemble.server(1).kill();
  const file = `${ensemble.server(1).confDir}/zoo.cfg`;
  await writeFile(file, (await readFile(file, 'utf8')).replace('reconfigEnabled=true', 'reconfigEnabled=false'));
  await (await ensemble.start(1, WITH_SECRET)).untilServing();
  await closing(await serversWith(SECRET).open(addressOf(ensemble, 1), { secret: true }, NEVER), async (session) => {
    const { version } = await session.config(NEVER);
    await assert.rejects(session.reconfig({ leaving: [7], fromVersion: version }, NEVER), { code: 'BAD_SETTINGS' });
  });
});

/** ZooKeeper's own limit for one address: maxClientCnxns. */
const CONNECTIONS = 60;

test(
  'Server 3: a server that clients on its node have all connections of is asked from another address',
  LIMIT,
  async () => {
    await using ensemble = await realEnsemble(1);
    const address = addressOf(ensemble, 1);
    const sockets = Array.from({ length: CONNECTIONS + 5 }, () => connect({ host: address, port: CLIENT_PORT }));
    for (const socket of sockets) socket.on('error', () => undefined);
    try {
      const full = { port: CLIENT_PORT, timeoutMs: 5_000 };
      const isClosed = (answer: ServerAnswer): boolean => answer.kind === 'silent' && answer.closed === true;
      let alone = await askSrvr(address, full, NEVER);
      // A slow machine takes its time to accept the connections before this one.
      for (let tries = 1; tries < 20 && !isClosed(alone); tries++) alone = await askSrvr(address, full, NEVER);
      assert.ok(isClosed(alone), JSON.stringify(alone));
      const servers = serversWith('');
      assert.equal((await servers.srvr(address, NEVER)).kind, 'serving');
      await closing(await servers.open(address, { secret: false }, NEVER), async (session) =>
        assert.deepEqual((await session.config(NEVER)).members, ensemble.members),
      );
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  },
);

test('Server 3: a leader says how many follow it, and nobody else does', LIMIT, async () => {
  await using ensemble = await realEnsemble(3);
  const servers = serversWith('');
  const answers = await Promise.all(
    ensemble.members.map(({ address }) => servers.learners(address, NEVER).catch((error: AgentError) => error.code)),
  );
  assert.deepEqual(answers.map(String).toSorted(), ['2', 'ZOOKEEPER_UNAVAILABLE', 'ZOOKEEPER_UNAVAILABLE']);
});

test('a server that is not there: clear errors within the limit, and silence', LIMIT, async () => {
  await using ensemble = await emptyEnsemble(1);
  const address = addressOf(ensemble, 1);
  const servers = serversWith('', { ...TIMINGS, sessionTimeoutMs: 500 });
  await assert.rejects(servers.open(address, { secret: false }, NEVER), (error: unknown) => {
    assert.ok(error instanceof AgentError);
    assert.equal(error.code, 'ZOOKEEPER_UNAVAILABLE');
    assert.ok(error.message.includes(address) && error.message.includes('ECONNREFUSED'), error.message);
    return true;
  });
  assert.equal((await servers.srvr(address, NEVER)).kind, 'silent');
  const aborted = AbortSignal.abort(new Error('enough'));
  await assert.rejects(servers.open(address, { secret: false }, aborted), { code: 'INTERRUPTED' });
});

test('a server without a quorum gives no session', LIMIT, async () => {
  await using ensemble = await emptyEnsemble(3);
  const server = await ensemble.start(1, { start: 'genesis', members: ensemble.members });
  const servers = serversWith('', { ...TIMINGS, sessionTimeoutMs: 1_000 });
  while ((await servers.srvr(server.address, NEVER)).kind !== 'not-serving') await sleep(50);
  await assert.rejects(servers.open(server.address, { secret: false }, NEVER), { code: 'ZOOKEEPER_UNAVAILABLE' });
});
