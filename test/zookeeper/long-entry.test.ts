// SPDX-License-Identifier: Apache-2.0
/** The entry that closes a session with many ephemerals, on real servers (docs/protocol.md, "Server 2"). */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readDataDirectory } from '../../src/zookeeper/data-directory.ts';
import { connectTo, realEnsemble } from '../support/real-server.ts';

/** 2.5 MB of paths: above what a server takes by default, with all that it adds. */
const EPHEMERALS = 6_000;
const PATH_CHARACTERS = 426;
const AT_ONCE = 500;
const LIMIT_MS = 60_000;
const SIGNAL = new AbortController().signal;

test('a closing session with 6,000 ephemerals of 426 characters does not loop the ensemble', {
  timeout: 240_000,
}, async () => {
  await using ensemble = await realEnsemble(3);
  const client = await connectTo(ensemble.server(1));
  await client.create('/e');
  const names = Array.from({ length: EPHEMERALS }, (_, index) => `/e/${index}-`.padEnd(PATH_CHARACTERS, 'x'));
  for (let from = 0; from < names.length; from += AT_ONCE) {
    await Promise.all(names.slice(from, from + AT_ONCE).map((name) => client.create(name, { ephemeral: true })));
  }
  await client.close();

  const processes = ensemble.members.map(({ id }) => ensemble.server(id).pid);
  for (const { id } of ensemble.members) await emptyOn(id);
  assert.deepEqual(
    ensemble.members.map(({ id }) => ensemble.server(id).pid),
    processes,
  );
  // Each reads it again at its start, or gets it from the others.
  for (const { id } of ensemble.members) {
    await ensemble.server(id).kill();
    // Files 1: an entry above 2 MiB that a server has written is whole.
    const data = await readDataDirectory(join(ensemble.server(id).dataDir, 'version-2'), SIGNAL);
    assert.equal(data?.damage, undefined);
    await (await ensemble.start(id)).untilServing();
    await emptyOn(id);
  }

  async function emptyOn(id: number): Promise<void> {
    const endMs = performance.now() + LIMIT_MS;
    for (;;) {
      const left = await childrenOn(id).catch(() => undefined);
      if (left === 0) return;
      assert.ok(performance.now() < endMs, `server ${id} has applied it: ${left} are left`);
      await sleep(200);
    }
  }

  async function childrenOn(id: number): Promise<number> {
    await using reader = await connectTo(ensemble.server(id));
    await reader.sync('/e');
    return (await reader.getChildren('/e')).children.length;
  }
});
