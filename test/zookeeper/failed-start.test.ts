// SPDX-License-Identifier: Apache-2.0
/** How a server ended at its start, why, and the note that none starts on its data. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerByHand } from '../../lab/zookeeper/by-hand.ts';
import { zookeeperHome } from '../../lab/zookeeper/fetch.ts';
import { CLIENT_PORT } from '../../src/model/member.ts';
import type { ServerEnds } from '../../src/model/server.ts';
import type { ServerControl } from '../../src/ports.ts';
import { readDataDirectory } from '../../src/zookeeper/data-directory.ts';
import { noteFailedStart, readFailedStart } from '../../src/zookeeper/failed-start.ts';
import { lastErrorOf } from '../../src/zookeeper/last-error.ts';
import { processService } from '../../src/zookeeper/process-service.ts';
import { connectTo, type RealEnsemble, realEnsemble } from '../support/real-server.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { addUnknownEntry } from './unknown-entry.ts';

const LIMIT = { timeout: 120_000 };
const SIGNAL = new AbortController().signal;

async function ends(service: ServerControl): Promise<ServerEnds | undefined> {
  const end = performance.now() + 30_000;
  for (;;) {
    const state = await service.state(SIGNAL);
    if (state.kind === 'stopped') return state.ends;
    assert.ok(performance.now() < end, 'it ends');
    await sleep(20);
  }
}

function service(directory: string, script: string): ServerControl {
  return processService({
    command: ['/bin/sh', '-c', script],
    pidFile: join(directory, 'server.pid'),
    logFile: join(directory, 'server.log'),
    whatForbids: async () => undefined,
  });
}

async function startAndEnd(control: ServerControl, times: number): Promise<ServerEnds | undefined> {
  let last: ServerEnds | undefined;
  for (let time = 1; time <= times; time++) {
    await control.start(SIGNAL);
    const end = performance.now() + 30_000;
    do {
      last = await ends(control);
      assert.ok(performance.now() < end, `end ${time} is noted`);
    } while ((last?.count ?? 0) < time);
  }
  return last;
}

test('ends at the start are counted, with the code and the last error of the log; a stop begins anew', async () => {
  await using directory = await temporaryDirectory();
  const control = service(directory.path, 'sleep 0.1; echo "ERROR it is broken"; exit 7');
  const first = await startAndEnd(control, 1);
  assert.equal(first?.error, 'ERROR it is broken');
  assert.equal(first?.log, join(directory.path, 'server.log'));
  await control.stop(SIGNAL);
  const last = await startAndEnd(control, 3);
  assert.equal(last?.count, 3);
  assert.equal(last?.how, 'exit code 7');
  assert.equal(last?.error, 'ERROR it is broken');
  assert.ok(last !== undefined && last.sinceMs < 10_000);
  await control.stop(SIGNAL);
  assert.equal(await ends(control), undefined);
});

/** One real server that has served, and the service that starts it again. */
async function served(ensemble: RealEnsemble): Promise<{ server: ServerByHand; control: ServerControl }> {
  const server = ensemble.server(1);
  await using client = await connectTo(server);
  await client.create('/written');
  await client.close();
  await server.kill();
  const control = processService({
    command: [...(await zookeeperHome()).command('fast'), join(server.confDir, 'zoo.cfg')],
    pidFile: join(ensemble.directory, 'server.pid'),
    logFile: join(ensemble.directory, 'service.log'),
    whatForbids: async () => undefined,
  });
  return { server, control };
}

test('a real server ends on an entry of an unknown kind, though the agent finds the data whole', LIMIT, async () => {
  await using ensemble = await realEnsemble(1);
  const { server, control } = await served(ensemble);
  const data = join(server.dataDir, 'version-2');
  addUnknownEntry(data);
  assert.equal((await readDataDirectory(data, SIGNAL))?.damage, undefined);
  const last = await startAndEnd(control, 3);
  assert.match(last?.error ?? '', /Unsupported Txn with type/);
});

test('a real server whose port is taken says so in its last error', LIMIT, async () => {
  await using ensemble = await realEnsemble(1);
  const { server, control } = await served(ensemble);
  const squatter = createServer((socket) => socket.destroy());
  squatter.listen(CLIENT_PORT, server.address);
  await once(squatter, 'listening');
  try {
    const last = await startAndEnd(control, 2);
    assert.match(last?.error ?? '', /Address already in use/);
  } finally {
    squatter.close();
  }
});

test('an end by a signal is somebody’s doing and does not count', async () => {
  await using directory = await temporaryDirectory();
  const control = service(directory.path, 'sleep 0.1; kill -KILL $$');
  await control.start(SIGNAL);
  await sleep(500);
  assert.deepEqual(await control.state(SIGNAL), { kind: 'stopped' });
});

test('ends of another boot, and those before a run that lasted, are forgotten', async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, 'server.pid.ends');
  const control = service(directory.path, 'exit 1');
  await writeFile(file, '1.00 2.00 1\n3.00 4.00 1\n');
  assert.equal((await ends(control))?.count, 2);
  await writeFile(file, '1.00 2.00 1\n3.00 900.00 1\n');
  assert.equal(await ends(control), undefined);
  await writeFile(file, '1.00 2.00 1\n99999999999.00 99999999999.50 1\n');
  assert.equal(await ends(control), undefined);
});

test('the last error of a log is its last line of one, with the deepest cause', () => {
  const log = [
    '2026-01-01 ERROR [main] Old: an earlier one',
    '2026-01-01 INFO  [main] QuorumPeer: starts',
    '2026-01-01 ERROR [main] QuorumPeer: Unable to load database on disk',
    'java.io.IOException: outer',
    '\tat org.apache.zookeeper.X.y(X.java:1)',
    'Caused by: java.io.EOFException: inner',
    '\t... 4 more',
    '2026-01-01 ERROR [main] o.a.z.u.ServiceUtils: Exiting JVM with code 1',
  ].join('\n');
  assert.equal(
    lastErrorOf(log),
    '2026-01-01 ERROR [main] QuorumPeer: Unable to load database on disk | Caused by: java.io.EOFException: inner',
  );
  assert.equal(lastErrorOf('2026 INFO all is well\n'), undefined);
  assert.match(
    lastErrorOf('Error: Could not find or load main class x\nCaused by: java.lang.ClassNotFoundException: x') ?? '',
    /ClassNotFoundException: x/,
  );
  assert.equal(lastErrorOf('/bin/sh: 9: exec: java: not found'), '/bin/sh: 9: exec: java: not found');
});

test('the note means the very files that it was written about, and one that is torn says nothing', async () => {
  await using directory = await temporaryDirectory();
  const data = join(directory.path, 'version-2');
  const note = join(directory.path, 'failed-start.json');
  await mkdir(data);
  await writeFile(join(data, 'log.1'), 'one');
  assert.equal(await readFailedStart(note, data), undefined);
  await noteFailedStart(note, data, 'It ended.');
  assert.equal(await readFailedStart(note, data), 'It ended.');
  await writeFile(join(data, 'log.1'), 'two more');
  assert.equal(await readFailedStart(note, data), undefined, 'a person mended it');
  await noteFailedStart(note, data, 'It ended.');
  await rm(join(data, 'log.1'));
  assert.equal(await readFailedStart(note, data), undefined);
  await writeFile(note, '{"files":');
  assert.equal(await readFailedStart(note, data), undefined);
});
