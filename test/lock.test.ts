// SPDX-License-Identifier: Apache-2.0
/** One run of the agent on a node at a time, whatever became of the one before. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { acquireLock } from '../src/lock.ts';

let names = 0;
/** No file: the name only has to be this test's own. */
function newName(): string {
  return `/test/${process.pid}/${++names}.lock`;
}

/** A process that takes the lock, says so, and holds it until it is killed. */
async function holder(name: string) {
  const module = new URL('../src/lock.ts', import.meta.url).href;
  const program = `
    import { acquireLock } from ${JSON.stringify(module)};
    const lock = await acquireLock(${JSON.stringify(name)});
    console.log(lock ? 'held' : 'busy');
    setInterval(() => {}, 1_000);
  `;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await once(child.stdout.setEncoding('utf8'), 'data');
  return { child, said: String(said).trim() };
}

test('a second run finds the lock busy, at once and without waiting', async () => {
  const name = newName();
  const first = await acquireLock(name);
  assert.ok(first);
  assert.equal(await acquireLock(name), undefined);
  first.release();
});

test('a lock that was released is free again', async () => {
  const name = newName();
  for (let round = 0; round < 3; round++) {
    const lock = await acquireLock(name);
    assert.ok(lock, `round ${round}`);
    lock.release();
  }
});

test('two nodes on one machine do not share a lock', async () => {
  const locks = await Promise.all([acquireLock(newName()), acquireLock(newName())]);
  for (const lock of locks) {
    assert.ok(lock);
    lock.release();
  }
});

test('of many at once exactly one gets it', async () => {
  const name = newName();
  const locks = await Promise.all(Array.from({ length: 20 }, () => acquireLock(name)));
  assert.equal(locks.filter((lock) => lock !== undefined).length, 1);
  for (const lock of locks) lock?.release();
});

test('another process finds it busy; killed with -9 its own lock never blocks', async () => {
  const name = newName();
  const first = await holder(name);
  try {
    assert.equal(first.said, 'held');
    const second = await holder(name);
    assert.equal(second.said, 'busy');
    second.child.kill('SIGKILL');
    await once(second.child, 'exit');
    assert.equal(await acquireLock(name), undefined);
  } finally {
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
  }
  const lock = await acquireLock(name);
  assert.ok(lock);
  lock.release();
});

test('long paths are told apart by their end', async () => {
  const deep = `/${'d'.repeat(200)}/${process.pid}`;
  const locks = await Promise.all([acquireLock(`${deep}/a.lock`), acquireLock(`${deep}/b.lock`)]);
  assert.equal(await acquireLock(`${deep}/a.lock`), undefined);
  for (const lock of locks) {
    assert.ok(lock);
    lock.release();
  }
});
