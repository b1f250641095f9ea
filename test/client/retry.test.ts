// SPDX-License-Identifier: Apache-2.0
/** Retries, in a time that the test moves; and sequential creates whose answers are lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ConnectionLostError,
  connect,
  ForceRetryError,
  MaybeAppliedError,
  type RetryClock,
  RetryFailedError,
  type RetryOptions,
  RetryPolicy,
  retry,
  ServerError,
  SessionExpiredError,
} from '../../src/client/index.ts';
import { CLIENT_PORT } from '../../src/model/member.ts';
import { realEnsemble } from '../support/real-server.ts';
import { FakeServer, int, reply, STAT, text } from './fake-server.ts';
import { LossyProxy } from './lossy-proxy.ts';

const LIMIT = { timeout: 60_000 };
const LOST = new ConnectionLostError('lost');

/** A clock that moves with each pause alone. */
class PausedClock implements RetryClock {
  readonly pauses: number[] = [];
  #nowMs = 1_000;
  readonly #chance: number;

  constructor(chance = 0) {
    this.#chance = chance;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  async pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    this.pauses.push(ms);
    this.#nowMs += ms;
  }

  random(): number {
    return this.#chance;
  }
}

/** Fails with each of the errors, then succeeds. */
function failing(...errors: readonly unknown[]): {
  readonly fn: (attempt: number) => string;
  readonly tries: number[];
} {
  const tries: number[] = [];
  const fn = (attempt: number) => {
    tries.push(attempt);
    const error = errors[attempt - 1];
    if (error !== undefined) throw error;
    return 'done';
  };
  return { fn, tries };
}

test('pauses grow by the backoff up to their limit, and by chance', async () => {
  const losses = Array(6).fill(LOST);
  for (const [chance, pauses] of [
    [0, [100, 200, 400, 800, 1_000, 1_000]],
    [0.5, [120, 240, 480, 960, 1_000, 1_000]],
  ] as const) {
    const clock = new PausedClock(chance);
    const { fn, tries } = failing(...losses);
    assert.equal(await new RetryPolicy({ maxDelayMs: 1_000 }, clock).run(fn), 'done');
    assert.deepEqual(
      clock.pauses.map((ms) => Math.round(ms)),
      pauses,
    );
    assert.deepEqual(tries, [1, 2, 3, 4, 5, 6, 7]);
  }
});

test('one policy serves many calls, and keeps nothing between them', async () => {
  const clock = new PausedClock();
  const policy = new RetryPolicy({ delayMs: 10, backoff: 3, jitter: 0 }, clock);
  await Promise.all([policy.run(failing(LOST, LOST).fn), policy.run(failing(LOST, LOST).fn)]);
  assert.deepEqual(clock.pauses.toSorted(), [10, 10, 30, 30]);
});

test('the tries and the time are limited: the last cause is told', async () => {
  const last = new ConnectionLostError('the last one');
  const limits: readonly (readonly [RetryOptions, number])[] = [
    [{ maxTries: 3 }, 3],
    // 100, 200 and 400 ms: the fourth would begin after 700 ms.
    [{ deadlineMs: 699 }, 3],
    [{ deadlineMs: 700, maxTries: 4 }, 4],
    [{ maxTries: 1 }, 1],
  ];
  for (const [options, count] of limits) {
    const { fn, tries } = failing(...Array(count - 1).fill(LOST), last, LOST);
    await assert.rejects(new RetryPolicy(options, new PausedClock()).run(fn), (error: Error) => {
      assert.ok(error instanceof RetryFailedError);
      assert.deepEqual([error.code, error.tries, error.cause], ['RETRY_FAILED', count, last]);
      return true;
    });
    assert.equal(tries.length, count);
  }
});

test('what passes is tried again, everything else is told at once', async () => {
  const expired = new SessionExpiredError(1n);
  const doubtful = new MaybeAppliedError('set /a', LOST);
  const cases: readonly (readonly [unknown, RetryOptions, boolean])[] = [
    [LOST, {}, true],
    [new ForceRetryError(), {}, true],
    [new ServerError(-127, 'get /a'), {}, true],
    [new ServerError(-101, 'get /a'), {}, false],
    [new Error('a fault of the program'), {}, false],
    [expired, {}, false],
    [expired, { ignoreExpire: true }, true],
    [doubtful, {}, false],
    [doubtful, { ignoreMaybeApplied: true }, true],
  ];
  for (const [error, options, again] of cases) {
    const { fn, tries } = failing(error);
    const run = new RetryPolicy(options, new PausedClock()).run(fn);
    if (again) assert.equal(await run, 'done');
    else await assert.rejects(run, (thrown) => thrown === error);
    assert.equal(tries.length, again ? 2 : 1);
  }
});

test('an abort ends it with its reason: before a try, in one, and in a pause', async () => {
  const reason = new Error('enough');
  const { fn, tries } = failing(LOST);
  await assert.rejects(retry(fn, {}, { signal: AbortSignal.abort(reason) }), reason);
  assert.equal(tries.length, 0);
  const inTry = new AbortController();
  const aborting = () => {
    inTry.abort(reason);
    throw LOST;
  };
  await assert.rejects(retry(aborting, {}, { signal: inTry.signal }), reason);
  const inPause = new AbortController();
  const pausing = retry(failing(LOST).fn, { delayMs: 60_000 }, { signal: inPause.signal });
  setImmediate(() => inPause.abort(reason));
  await assert.rejects(pausing, reason);
});

test('options out of range are refused', async () => {
  for (const bad of [{ maxTries: 0 }, { delayMs: -1 }, { backoff: 0.5 }, { jitter: Number.NaN }, { deadlineMs: 0.5 }]) {
    assert.throws(() => new RetryPolicy(bad), { code: 'BAD_REQUEST' });
    await assert.rejects(
      retry(() => 1, bad),
      { code: 'BAD_REQUEST' },
    );
  }
  assert.equal(await retry(() => 1), 1);
});

test('a protected create whose answer is lost is found by its id, not done twice', LIMIT, async () => {
  await using ensemble = await realEnsemble(1);
  await using proxy = await LossyProxy.start(ensemble.server(1).address, CLIENT_PORT);
  await using other = await connect({ servers: `${ensemble.server(1).address}:${CLIENT_PORT}` });
  await other.create('/queue');
  await using client = await connect({ servers: proxy.address, sessionTimeoutMs: 20_000 });
  const children = async () => (await other.getChildren('/queue')).children;
  const mode = { sequential: true, ephemeral: true, protected: true };
  for (const path of ['/queue/job-', '/queue/']) {
    const before = (await children()).length;
    proxy.swallowAnswers(true);
    const creating = client.create2(path, mode);
    while ((await children()).length === before) await sleep(5);
    proxy.swallowAnswers(false);
    proxy.cut();
    const created = await creating;
    assert.match(created.path, /^\/queue\/_c_[0-9a-f-]{36}-(?:job-)?\d{10}$/);
    assert.equal(created.stat.ephemeralOwner, client.sessionId);
    assert.equal((await children()).length, before + 1);
  }
  assert.match(await client.create('/', { sequential: true, protected: true }), /^\/_c_[0-9a-f-]{36}-\d{10}$/);
  await assert.rejects(client.create('/queue/x', { protected: true }), { code: 'BAD_REQUEST' });
});

test('a protected create that the servers never had is done after the loss, under the same id', LIMIT, async () => {
  const paths: string[] = [];
  const opcodes: number[] = [];
  await using fake = await FakeServer.start(async (peer, number) => {
    await peer.greet();
    for (;;) {
      const { xid, opcode, body } = await peer.call();
      opcodes.push(opcode);
      if (opcode === 15) paths.push(body.subarray(4, 4 + body.readInt32BE(0)).toString());
      // The first connection is lost with the create, the second with the look for it.
      if (number === 0 || (number === 1 && opcode === 12)) return void peer.socket.destroy();
      if (opcode === 9) peer.socket.write(reply(xid, text('/q')));
      else if (opcode === 12) peer.socket.write(reply(xid, Buffer.concat([int(1), text('_c_other-0'), STAT])));
      else peer.socket.write(reply(xid, Buffer.concat([text(`${paths.at(-1)}0000000007`), STAT])));
    }
  });
  await using client = await connect({ servers: fake.address, closeTimeoutMs: 50 });
  const path = await client.create('/q/n-', { sequential: true, protected: true });
  assert.deepEqual(opcodes, [15, 9, 12, 9, 12, 15]);
  assert.equal(paths.length, 2);
  assert.equal(paths[0], paths[1]);
  assert.equal(path, `${paths[0]}0000000007`);
});

test('a protected create that ran into its limit, or whose session has ended, may be applied', LIMIT, async () => {
  await using fake = await FakeServer.start(async (peer) => {
    await peer.greet();
    for (;;) await peer.call();
  });
  const client = await connect({ servers: fake.address, closeTimeoutMs: 50 });
  const mode = { sequential: true, protected: true };
  await assert.rejects(client.create('/n-', { ...mode, timeoutMs: 50 }), { code: 'MAYBE_APPLIED' });
  const last = client.create('/n-', mode);
  await sleep(50);
  await Promise.all([assert.rejects(last, { code: 'MAYBE_APPLIED' }), client.close()]);
});
