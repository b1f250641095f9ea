// SPDX-License-Identifier: Apache-2.0
/** The job queue on a real server: order, states, limits; connections lost at every step, and sessions that end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, JobQueue } from '../../../src/client/index.ts';
import { compareJobs, formatJobName, parseJobName } from '../../../src/client/recipes/job-name.ts';
import { oneServerWithClient } from '../one-server.ts';

const LIMIT = { timeout: 180_000 };
const NOW = { timeoutMs: 0 };

const server = oneServerWithClient();

const text = (data: Uint8Array | undefined): string => Buffer.from(data ?? []).toString();

test('names are read from both ends, whatever the dataset holds', () => {
  const datasets = [
    'plain',
    'a:b-c',
    '-0000000001',
    'entry-001-x:y-0000000002',
    'a/b',
    '%2F',
    '',
    'ü€𝒳',
    '\u0000\n',
    ':',
  ];
  for (const dataset of datasets) {
    for (const group of ['g', 'with:colon', '', '-7', 'x-0000000003', '/']) {
      const name = formatJobName({ dataset, group, priority: 7 }, 12);
      assert.ok(!name.includes('/'));
      assert.deepEqual(parseJobName(name), { name, dataset, group, priority: 7, sequence: 12 });
    }
  }
  const name = formatJobName({ dataset: 'd', group: 'g', priority: 12_345 }, 0xffff_ffff);
  assert.equal(name, 'entry-12345-d:g-4294967295');
  assert.deepEqual(parseJobName('entry-5-100%:g-0000000001')?.dataset, '100%');
  for (const bad of ['entry-x-d:g-0000000001', 'entry-1-d-0000000001', 'entry-1-d:g-1', 'lock-0000000001']) {
    assert.equal(parseJobName(bad), undefined);
  }
  const names = ['entry-001-z:z-0000000001', 'entry-1000-a:a-0000000009', 'entry-1000-b:b-0000000002'];
  const sorted = names.map((each) => parseJobName(each)).filter((job) => job !== undefined);
  assert.deepEqual(
    sorted.sort(compareJobs).map(({ sequence }) => sequence),
    [2, 9, 1],
  );
});

test('the highest priority first, then the oldest; a job that comes back keeps its place', LIMIT, async () => {
  await using queue = new JobQueue(server.client, '/order');
  const put = (dataset: string, priority?: number) =>
    queue.put({ dataset, group: 'g', ...(priority === undefined ? {} : { priority }) });
  for (const [dataset, priority] of [['low', 5], ['first', 100], ['second'], ['high', 2_000]] as const) {
    await put(dataset, priority);
  }
  const high = await queue.take();
  assert.equal(high?.dataset, 'high');
  const first = await queue.take();
  assert.equal(first?.dataset, 'first');
  await put('third');
  await first.release();
  const taken: string[] = [];
  for (let job = await queue.take(NOW); job !== undefined; job = await queue.take(NOW)) {
    taken.push(job.dataset);
    await job.done();
  }
  assert.deepEqual(taken, ['first', 'second', 'third', 'low']);
  assert.deepEqual(await queue.count(), { unowned: 0, owned: 1, done: 4 });
  await high.done();
});

test('unowned, owned, done: with the state that the owner writes, and the result', LIMIT, async () => {
  await using queue = new JobQueue(server.client, '/deep/states');
  const name = await queue.put({ dataset: 'a/b:c', group: 'g:1', data: Buffer.from('new') });
  assert.equal(name, 'entry-100-a%2Fb:c:g%3A1-0000000000');
  const status = async () => {
    const { state = 'none', data, owner } = (await queue.statusOf(name)) ?? {};
    return `${state} ${text(data)} ${owner === server.client.sessionId}`;
  };
  assert.equal(await status(), 'unowned new false');
  const job = await queue.take();
  assert.equal(await status(), 'owned new true');
  assert.deepEqual([job?.name, job?.dataset, job?.group, job?.priority], [name, 'a/b:c', 'g:1', 100]);
  await Promise.all([job?.rewrite(Buffer.from('half')), job?.rewrite(Buffer.from('almost'))]);
  assert.equal(await status(), 'owned almost true');
  await job?.release();
  assert.equal(await status(), 'unowned almost false');
  await assert.rejects(job?.done() ?? Promise.resolve(), { code: 'NOT_OWNER' });
  const again = await queue.take();
  assert.equal(text(again?.data), 'almost');
  assert.ok((again?.fencing ?? 0n) > (job?.fencing ?? 0n));
  await again?.done(Buffer.from('result'));
  assert.equal(await status(), 'done result false');
  assert.equal(await queue.take(NOW), undefined);
  await assert.rejects(again?.rewrite(Buffer.alloc(0)) ?? Promise.resolve(), { code: 'NOT_OWNER' });
  const last = await queue.put({ dataset: 'x', group: 'g' });
  await (await queue.take())?.done();
  assert.equal(await queue.removeDone(1), 1);
  assert.equal(await queue.statusOf(name), undefined);
  assert.equal((await queue.statusOf(last))?.state, 'done');
  await assert.rejects(queue.statusOf('entry-of-another-kind'), { code: 'BAD_REQUEST' });
  await assert.rejects(queue.put({ dataset: '\ud800', group: 'g' }), { code: 'BAD_REQUEST' });
  await assert.rejects(queue.put({ dataset: 'd', group: 'g', priority: -1 }), { code: 'BAD_REQUEST' });
});

test('take waits for a job, ends with nothing after its limit, and with the reason of an abort', LIMIT, async () => {
  await using queue = new JobQueue(server.client, '/waiting');
  await using elsewhere = await connect({ servers: server.servers });
  await using putting = new JobQueue(elsewhere, '/waiting');
  assert.equal(await queue.take({ timeoutMs: 20 }), undefined);
  assert.equal(await queue.take(NOW), undefined);
  const reason = new Error('enough');
  await assert.rejects(queue.take({ signal: AbortSignal.abort(reason) }), reason);
  const stop = new AbortController();
  const waiting = queue.take({ signal: stop.signal });
  setTimeout(() => stop.abort(reason), 20);
  await assert.rejects(waiting, reason);
  await assert.rejects(queue.take({ timeoutMs: -1 }), { code: 'BAD_REQUEST' });

  const takes = Array.from({ length: 5 }, () => queue.take());
  const names = await Promise.all(takes.map((_, at) => putting.put({ dataset: `d${at}`, group: 'g' })));
  const jobs = await Promise.all(takes);
  assert.deepEqual(jobs.map((job) => job?.name).toSorted(), names.toSorted());
  // Closing gives back what is not done, and ends what waits.
  const last = queue.take();
  const ended = assert.rejects(last, { code: 'CLIENT_CLOSED' });
  await jobs[0]?.done();
  await queue.close();
  await ended;
  assert.deepEqual(await putting.count(), { unowned: 4, owned: 0, done: 1 });
  await assert.rejects(queue.take(), { code: 'CLIENT_CLOSED' });
  await assert.rejects(queue.put({ dataset: 'd', group: 'g' }), { code: 'CLIENT_CLOSED' });
});

test('a job whose taking was aborted or too late is given back', LIMIT, async () => {
  await using proxy = await server.framed();
  await using client = await connect({ servers: proxy.address, sessionTimeoutMs: 20_000 });
  await using queue = new JobQueue(client, '/late');
  await using watching = new JobQueue(server.client, '/late');
  await queue.put({ dataset: 'd', group: 'g' });
  for (const end of ['abort', 'limit'] as const) {
    await (await queue.take(NOW))?.release();
    // The transaction reaches the server, its answer is lost, and no connection comes before the call has ended.
    proxy.lose(1, true, true);
    const stop = new AbortController();
    const taking = queue.take(end === 'abort' ? { signal: stop.signal } : { timeoutMs: 200 });
    const ended = end === 'abort' ? assert.rejects(taking, /enough/) : taking;
    while (end === 'abort' && proxy.isLossDue) await sleep(1);
    stop.abort(new Error('enough'));
    assert.equal(await ended, undefined);
    proxy.forgetLoss();
    proxy.setOpen(true);
    while ((await watching.count()).unowned !== 1) await sleep(10);
  }
  await queue.close();
  assert.deepEqual(await watching.count(), { unowned: 1, owned: 0, done: 0 });
});

test('a connection lost at every step of put, take, rewrite and done: all is done once', LIMIT, async () => {
  await using proxy = await server.framed();
  await using client = await connect({ servers: proxy.address, sessionTimeoutMs: 20_000 });
  await using queue = new JobQueue(client, '/lossy');
  await using checking = new JobQueue(server.client, '/lossy');
  let done = 0;
  assert.equal(await queue.take(NOW), undefined);
  for (const reachesServer of [false, true]) {
    for (let step = 0; ; step++) {
      proxy.lose(step, reachesServer);
      const name = await queue.put({ dataset: 'd', group: 'g', data: Buffer.from('1') });
      const job = await queue.take();
      assert.equal(job?.name, name);
      await job.rewrite(Buffer.from('2'));
      assert.equal((await checking.statusOf(job.name))?.state, 'owned');
      await job.done(Buffer.from(`done ${step}`));
      done += 1;
      const status = await checking.statusOf(job.name);
      assert.deepEqual([status?.state, text(status?.data)], ['done', `done ${step}`]);
      assert.deepEqual(await checking.count(), { unowned: 0, owned: 0, done });
      if (!proxy.isLossDue) continue;
      assert.ok(step >= 6, `${step} steps are too few`);
      break;
    }
  }
  const { children } = await server.client.getChildren('/lossy/numbers');
  assert.deepEqual(children, []);
});

test('a client that dies at any step loses no job and doubles none', LIMIT, async () => {
  await using checking = new JobQueue(server.client, '/dying/none');
  await checking.put({ dataset: 'd', group: 'g' });
  const cases = [false, true].flatMap((reachesServer) => [0, 1, 2, 3, 4, 5].map((step) => ({ reachesServer, step })));
  await Promise.all(cases.map(({ reachesServer, step }) => dieAt(step, reachesServer)));
});

async function dieAt(step: number, reachesServer: boolean): Promise<void> {
  await using proxy = await server.framed();
  const client = await connect({ servers: proxy.address, sessionTimeoutMs: 2_000, closeTimeoutMs: 10 });
  const path = `/dying/${step}-${reachesServer}`;
  const queue = new JobQueue(client, path);
  await using next = new JobQueue(server.client, path);
  assert.equal(await queue.take(NOW), undefined);
  const name = await queue.put({ dataset: 'd', group: 'g', data: Buffer.from('1') });
  proxy.lose(step, reachesServer, true);
  const first = (async () => {
    const job = await queue.take();
    await job?.rewrite(Buffer.from('2'));
    await job?.done(Buffer.from('by the first'));
    await queue.put({ dataset: 'more', group: 'g' });
  })().catch(() => {});
  const isGone = step <= 3;
  while (proxy.isLossDue) await sleep(10);
  const isDone = step === 3 && reachesServer;
  if (isGone && !isDone) {
    const job = await next.take({ timeoutMs: 120_000 });
    assert.equal(job?.name, name, path);
    assert.equal(text(job.data), step === 3 || (step === 2 && reachesServer) ? '2' : '1', path);
    await job.done(Buffer.from('by the next'));
  }
  const status = await next.statusOf(name);
  assert.deepEqual([status?.state, text(status?.data)], ['done', isGone && !isDone ? 'by the next' : 'by the first']);
  if (step === 5 && reachesServer) while ((await next.count()).unowned === 0) await sleep(10);
  const { unowned, owned } = await next.count();
  assert.equal(owned, 0);
  // The second put: without its answer it may be there, and only if the server has its last transaction.
  assert.equal(unowned, step === 5 && reachesServer ? 1 : 0, path);
  proxy.setOpen(false);
  await client.close();
  await first;
}

test('an expired session: the job goes to the next, the former owner knows and writes nothing', LIMIT, async () => {
  await using proxy = await server.framed();
  await using client = await connect({ servers: proxy.address, sessionTimeoutMs: 2_000 });
  await using queue = new JobQueue(client, '/expired');
  await using next = new JobQueue(server.client, '/expired');
  const name = await next.put({ dataset: 'd', group: 'g' });
  const job = await queue.take();
  assert.equal(job?.name, name);
  const waiting = assert.rejects(queue.take(), { code: 'SESSION_EXPIRED' });
  proxy.setOpen(false);
  const again = await next.take({ timeoutMs: 120_000 });
  assert.equal(again?.name, name);
  proxy.setOpen(true);
  await waiting;
  assert.equal(job.signal.aborted, true);
  assert.equal((job.signal.reason as { code?: unknown }).code, 'NOT_OWNER');
  await assert.rejects(job.done(), { code: 'NOT_OWNER' });
  await assert.rejects(queue.take(), { code: 'SESSION_EXPIRED' });
  assert.equal((await next.statusOf(name))?.state, 'owned');
  await again.done();
});

test('an owner whose znode is deleted by hand is told, and its writes change nothing', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  await using queue = new JobQueue(client, '/kicked');
  await using next = new JobQueue(server.client, '/kicked');
  const name = await next.put({ dataset: 'd', group: 'g', data: Buffer.from('1') });
  const job = await queue.take();
  const lost = new Promise((resolve) => job?.signal.addEventListener('abort', resolve, { once: true }));
  await server.client.delete(`/kicked/owners/${name}`);
  const again = await next.take();
  assert.equal(again?.name, name);
  await lost;
  await assert.rejects(job?.rewrite(Buffer.from('stale')) ?? Promise.resolve(), { code: 'NOT_OWNER' });
  assert.equal(text((await next.statusOf(name))?.data), '1');
  await again.rewrite(Buffer.from('2'));
  await again.done();
  assert.equal(text((await next.statusOf(name))?.data), '2');
});

test(
  'calls have limits: a put without a server ends, and so does a rewrite, which may be made again',
  LIMIT,
  async () => {
    await using proxy = await server.framed();
    await using client = await connect({ servers: proxy.address, sessionTimeoutMs: 20_000 });
    await using queue = new JobQueue(client, '/limits');
    const name = await queue.put({ dataset: 'd', group: 'g' });
    const job = await queue.take();
    proxy.setOpen(false);
    await assert.rejects(queue.put({ dataset: 'd', group: 'g' }, { timeoutMs: 50 }), (error: { code?: string }) =>
      ['REQUEST_TIMEOUT', 'CONNECTION_LOST', 'WAIT_TIMEOUT'].includes(error.code ?? ''),
    );
    const rewriting = job?.rewrite(Buffer.from('1'), { timeoutMs: 50 });
    await assert.rejects(rewriting ?? Promise.resolve(), (error: { code?: string }) =>
      ['REQUEST_TIMEOUT', 'MAYBE_APPLIED'].includes(error.code ?? ''),
    );
    const stop = new AbortController();
    const finishing = job?.done(Buffer.from('2'), { signal: stop.signal });
    stop.abort(new Error('enough'));
    await assert.rejects(finishing ?? Promise.resolve(), (error: { code?: string; message?: string }) =>
      ['enough', 'MAYBE_APPLIED'].includes(error.code ?? error.message ?? ''),
    );
    proxy.setOpen(true);
    await job?.done(Buffer.from('3'));
    assert.equal(text((await queue.statusOf(name))?.data), '3');
  },
);
