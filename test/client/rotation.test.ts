// SPDX-License-Identifier: Apache-2.0
/**
 * A client knows one name. All servers behind it are replaced one after the other by servers at other addresses, twice
 * over. Nobody tells the client, which does not follow the config either: it goes on within its session.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, retry, ZookeeperError } from '../../src/client/index.ts';
import { CLIENT_PORT, memberAt } from '../../src/model/member.ts';
import { formatMember, parseDynamicConfig } from '../../src/zookeeper/dynamic-config.ts';
import { type RealEnsemble, realEnsemble } from '../support/real-server.ts';

const LIMIT = { timeout: 300_000 };
const NAME = 'zookeeper.test';
const USER = 'super:a user of this test alone';
const DIGEST = createHash('sha1').update(USER).digest('base64');
/** A test's server may have its secret in the arguments: it guards nothing. */
const OPTIONS = { jvmOptions: [`-Dzookeeper.DigestAuthenticationProvider.superDigest=super:${DIGEST}`] };
/** Longer than any stop of a slow machine: what is tested is not how long a session lasts. */
const SESSION_TIMEOUT_MS = 40_000;
/** The change waits for the joiner, for another change or for a leader; or it is made, and its answer is lost. */
const PASSING: ReadonlySet<string> = new Set([
  'NEW_CONFIG_NO_QUORUM',
  'RECONFIG_IN_PROGRESS',
  'CONNECTION_LOST',
  'MAYBE_APPLIED',
  'NO_SERVER',
  'REQUEST_TIMEOUT',
  'SESSION_MOVED',
]);

async function until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  const limitMs = performance.now() + 60_000;
  while (!(await isSo())) {
    if (performance.now() > limitMs) assert.fail(`not within 60 s: ${what}`);
    await sleep(50);
  }
}

/** Each follows without a vote until a change of the config gives it one. */
async function startJoiners(ensemble: RealEnsemble, ids: readonly number[], members: readonly number[]): Promise<void> {
  const voters = members.map((id) => memberAt(id, ensemble.block.address(id), 'participant'));
  await Promise.all(
    ids.map(async (id) => {
      const itself = memberAt(id, ensemble.block.address(id), 'observer');
      const server = await ensemble.start(id, { ...OPTIONS, start: 'joiner', members: [...voters, itself] });
      await server.untilServing();
    }),
  );
}

/** Changes the config on these servers, until they say that it is changed. */
async function replaceMember(ensemble: RealEnsemble, ids: readonly number[], old: number, next: number): Promise<void> {
  const servers = ids.map((id) => ({ host: ensemble.block.address(id), port: CLIENT_PORT }));
  const joining = [formatMember(memberAt(next, ensemble.block.address(next), 'participant'))];
  await until(`${next} votes instead of ${old}`, async () => {
    try {
      await using admin = await connect({ servers, sessionTimeoutMs: SESSION_TIMEOUT_MS, closeTimeoutMs: 1_000 });
      await admin.sync();
      const { members } = parseDynamicConfig((await admin.getConfig()).data.toString());
      const voters = members.filter(({ role }) => role === 'participant').map(({ id }) => id);
      if (voters.includes(next) && !voters.includes(old)) return true;
      await admin.addAuth('digest', USER);
      await admin.reconfig({ joining, leaving: [old] });
    } catch (error) {
      if (!(error instanceof ZookeeperError) || !PASSING.has(error.code)) throw error;
    }
    return false;
  });
}

test('all servers behind one name are replaced twice: the client stays within its session', LIMIT, async () => {
  await using ensemble = await realEnsemble(3, OPTIONS);
  let behindName: readonly number[] = [1, 2, 3];
  const asked = new Set<string>();
  await using client = await connect({
    servers: `${NAME}:${CLIENT_PORT}`,
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    closeTimeoutMs: 1_000,
    resolve: async (host) => {
      asked.add(host);
      return behindName.map((id) => ensemble.block.address(id));
    },
  });
  const { sessionId } = client;
  await client.create('/kept', { ephemeral: true });
  await client.create('/written');
  const watch = await client.watch('/told');
  const seen: string[] = [];
  const statuses = (async () => {
    for await (const status of client.statuses()) {
      seen.push(status.kind === 'connected' && !status.resumed && seen.length > 0 ? 'another session' : status.kind);
    }
  })();

  const stop = new AbortController();
  let written = 0;
  const writer = (async () => {
    const policy = { delayMs: 20, maxDelayMs: 200, ignoreMaybeApplied: true };
    while (!stop.signal.aborted) {
      await retry(() => client.set('/written', Buffer.from(String(written))), policy);
      written += 1;
      await sleep(5);
    }
  })();
  writer.catch(() => {});

  let ids: readonly number[] = [1, 2, 3];
  for (const round of [1, 2]) {
    const next = ids.map((id) => id + 3);
    await startJoiners(ensemble, next, ids);
    for (const id of next) {
      const old = id - 3;
      await replaceMember(ensemble, ids, old, id);
      ids = ids.map((each) => (each === old ? id : each));
      // The name may be late: then an address of a dead server stands behind it for a while.
      if (round === 1) behindName = ids;
      await ensemble.server(old).kill();
      const before = written;
      await until(
        `a write after ${old} is gone`,
        () => written > before + 1 || Promise.race([writer, sleep(0)]).then(() => false),
      );
      behindName = ids;
    }
  }
  stop.abort();
  await writer;

  assert.deepEqual(ids, [7, 8, 9]);
  const addresses = ids.map((id) => `${NAME}:${CLIENT_PORT} (${ensemble.block.address(id)})`);
  // It may be on its way from one of them to another, to be even.
  await until('on a server of the last three', () => {
    const { status } = client;
    return status.kind === 'connected' && addresses.includes(status.server);
  });
  assert.equal(client.sessionId, sessionId);
  assert.equal((await client.exists('/kept'))?.ephemeralOwner, sessionId);
  assert.deepEqual([...asked], [NAME]);
  // The watch is still set, on a server that did not exist when it was asked for.
  await client.create('/told');
  for await (const event of watch) if (event.kind === 'created') break;
  await client.close();
  await statuses;
  assert.deepEqual(new Set(seen), new Set(['connected', 'disconnected', 'closed']));
});
