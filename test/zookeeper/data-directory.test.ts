// SPDX-License-Identifier: Apache-2.0
/** What the reader says of a data directory is what a real server makes of it (Files 1). */
import assert from 'node:assert/strict';
import { appendFile, cp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerByHand } from '../../lab/zookeeper/by-hand.ts';
import { type DataFacts, NO_DATABASE } from '../../src/model/disk.ts';
import { epochOf, fromZxid, type Zxid } from '../../src/model/zxid.ts';
import { readDataDirectory } from '../../src/zookeeper/data-directory.ts';
import { type LogScan, scanTransactionLog } from '../../src/zookeeper/transaction-log.ts';
import { connectTo, emptyEnsemble, type RealEnsemble, realEnsemble, zxidOf } from '../support/real-server.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { countingCalls } from './crashing-file-system.ts';
import { snapshotOf } from './snapshot-file.ts';
import { LOG_HEADER, logEntry, zxid } from './transaction-log-file.ts';

const SIGNAL = new AbortController().signal;

async function read(server: ServerByHand): Promise<DataFacts> {
  const facts = await readDataDirectory(join(server.dataDir, 'version-2'), SIGNAL);
  assert.ok(facts);
  return facts;
}

async function writeNodes(server: ServerByHand, count: number): Promise<void> {
  await using client = await connectTo(server);
  const writes = Array.from({ length: count }, (_, index) =>
    client.create(`/n-`, { data: Buffer.alloc((index * 37) % 4_000, index), sequential: true }),
  );
  await Promise.all(writes);
}

/** A server that becomes leader snapshots what it loaded: the name of that snapshot is the last zxid it found. */
async function zxidsLoaded(server: ServerByHand): Promise<readonly string[]> {
  await server.untilServing();
  const names = await readdir(join(server.dataDir, 'version-2'));
  return names.filter((name) => name.startsWith('snapshot.'));
}

function snapshotName(last: Zxid): string {
  return `snapshot.${fromZxid(last).toString(16)}`;
}

async function newestLog(server: ServerByHand): Promise<{ path: string; scan: LogScan }> {
  const directory = join(server.dataDir, 'version-2');
  const names = (await readdir(directory)).filter((name) => name.startsWith('log.')).sort();
  const path = join(directory, names.at(-1) ?? '');
  return { path, scan: await scanTransactionLog(path, SIGNAL) };
}

async function withData(count: number): Promise<RealEnsemble> {
  const ensemble = await realEnsemble(1);
  await writeNodes(ensemble.server(1), count);
  return ensemble;
}

describe('data directory of a real server', () => {
  it('without a marker holds no database until it has followed somebody', async () => {
    await using ensemble = await emptyEnsemble(2);
    const joiner = await ensemble.start(2, { start: 'joiner', members: ensemble.members });
    const file = join(joiner.dataDir, 'version-2', 'currentEpoch');
    await waitUntil(async () => (await readFile(file, 'utf8')) === '-1');
    assert.deepEqual(await read(joiner), { currentEpoch: NO_DATABASE, acceptedEpoch: 0, lastZxid: zxid(0) });
  });

  it('after a clean stop shows the zxid and the epochs that the server had', async () => {
    await using ensemble = await withData(300);
    const server = ensemble.server(1);
    const last = await zxidOf(server);
    assert.deepEqual((await read(server)).lastZxid, last, 'while it runs');
    await server.kill('SIGTERM');
    const epoch = epochOf(last);
    assert.deepEqual(await read(server), { currentEpoch: epoch, acceptedEpoch: epoch, lastZxid: last });
    await ensemble.start(1);
    await ensemble.server(1).untilServing();
    assert.equal((await read(ensemble.server(1))).currentEpoch, epoch + 1);
  });

  it('after kill -9 in the midst of writes shows what the restarted server loads', async () => {
    await using ensemble = await withData(50);
    for (let round = 0; round < 3; round++) {
      const server = ensemble.server(1);
      const writing = writeNodes(server, 3_000).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 60 + round * 40));
      await server.kill('SIGKILL');
      await writing;
      const facts = await read(server);
      assert.equal(facts.damage, undefined);
      const again = await ensemble.start(1);
      assert.ok((await zxidsLoaded(again)).includes(snapshotName(facts.lastZxid)), `round ${round}`);
    }
  });

  it('agrees with the server on a tail torn at several places', async () => {
    await using ensemble = await withData(20);
    const stopped = ensemble.server(1);
    await stopped.kill('SIGTERM');
    const { path, scan } = await newestLog(stopped);
    const offset = scan.last?.offset ?? 0;
    await cp(join(stopped.dataDir, 'version-2'), join(ensemble.directory, 'kept'), { recursive: true });
    for (const bytesLeft of [3, 11, 20]) {
      await rm(join(stopped.dataDir, 'version-2'), { recursive: true });
      await cp(join(ensemble.directory, 'kept'), join(stopped.dataDir, 'version-2'), { recursive: true });
      await truncate(path, offset + bytesLeft);
      const facts = await read(stopped);
      assert.equal(facts.damage, undefined);
      assert.equal(fromZxid(facts.lastZxid), fromZxid(scan.last?.zxid ?? '0') - 1n);
      const server = await ensemble.start(1);
      assert.ok((await zxidsLoaded(server)).includes(snapshotName(facts.lastZxid)), `${bytesLeft} bytes left`);
      await server.kill('SIGTERM');
    }
  });

  it('calls a wrong checksum in the middle damage, and the server exits', async () => {
    await using ensemble = await withData(20);
    const stopped = ensemble.server(1);
    await stopped.kill('SIGTERM');
    const { path } = await newestLog(stopped);
    await flipByte(path, LOG_HEADER.length + 12 + 20);
    const facts = await read(stopped);
    assert.match(facts.damage ?? '', /log\.100000001 is damaged: the entry at byte 16 has a wrong checksum/);
    const server = await ensemble.start(1);
    assert.equal(await server.exited, 1);
  });

  it('calls logs without a snapshot damage, and the server exits', async () => {
    await using ensemble = await withData(5);
    const stopped = ensemble.server(1);
    await stopped.kill('SIGTERM');
    for (const name of await readdir(join(stopped.dataDir, 'version-2'))) {
      if (name.startsWith('snapshot.')) {
        await rm(join(stopped.dataDir, 'version-2', name));
      }
    }
    assert.match((await read(stopped)).damage ?? '', /no whole snapshot/);
    assert.equal(await (await ensemble.start(1)).exited, 1);
  });

  it('skips a torn snapshot and an empty last log, as the server does', async () => {
    await using ensemble = await withData(5);
    const stopped = ensemble.server(1);
    await stopped.kill('SIGTERM');
    const before = await read(stopped);
    await writeFile(join(stopped.dataDir, 'version-2', 'snapshot.1000000ff'), 'ZKSN torn');
    await writeFile(join(stopped.dataDir, 'version-2', 'log.1000000ff'), '');
    assert.deepEqual(await read(stopped), before);
    const server = await ensemble.start(1);
    assert.ok((await zxidsLoaded(server)).includes(snapshotName(before.lastZxid)));
  });

  it('calls a current epoch older than the data damage, and the server exits', async () => {
    await using ensemble = await withData(5);
    const stopped = ensemble.server(1);
    await stopped.kill('SIGTERM');
    await writeFile(join(stopped.dataDir, 'version-2', 'currentEpoch'), '0');
    assert.match((await read(stopped)).damage ?? '', /older than the epoch 1 of the last zxid/);
    assert.equal(await (await ensemble.start(1)).exited, 1);
  });

  it('takes the epoch from currentEpoch.tmp where the server does, and calls an empty one damage as it does', async () => {
    await using ensemble = await withData(5);
    const stopped = ensemble.server(1);
    await stopped.kill('SIGTERM');
    const before = await read(stopped);
    const directory = join(stopped.dataDir, 'version-2');
    await writeFile(join(directory, 'currentEpoch'), '0');
    await writeFile(join(directory, 'currentEpoch.tmp'), '');
    assert.match((await read(stopped)).damage ?? '', /currentEpoch\.tmp should hold one number/);
    assert.equal(await (await ensemble.start(1)).exited, 1);
    for (const current of ['0', '-1']) {
      await writeFile(join(directory, 'currentEpoch'), current);
      await writeFile(join(directory, 'currentEpoch.tmp'), String(before.currentEpoch));
      const { currentEpoch, damage } = await read(stopped);
      assert.deepEqual([currentEpoch, damage], [before.currentEpoch, undefined]);
    }
    const server = await ensemble.start(1);
    await server.untilServing();
    assert.ok((await zxidsLoaded(server)).includes(snapshotName(before.lastZxid)));
  });

  it('finds a flipped bit in the only snapshot as the server does, which exits', async () => {
    await using ensemble = await withData(5);
    const stopped = ensemble.server(1);
    await stopped.kill('SIGTERM');
    const directory = join(stopped.dataDir, 'version-2');
    const [snapshot = ''] = (await readdir(directory)).filter((name) => name.startsWith('snapshot.'));
    await flipByte(join(directory, snapshot), 60);
    assert.match((await read(stopped)).damage ?? '', new RegExp(`${snapshot} is damaged, it has a wrong checksum`));
    assert.equal(await (await ensemble.start(1)).exited, 1);
  });

  it('falls back to an older snapshot as the server does', async () => {
    await using ensemble = await withData(5);
    const first = ensemble.server(1);
    await first.kill('SIGTERM');
    // It snapshots what it loads.
    const second = await ensemble.start(1);
    await second.untilServing();
    await writeNodes(second, 5);
    await second.kill('SIGTERM');
    const before = await read(second);
    const directory = join(second.dataDir, 'version-2');
    const newest =
      (await readdir(directory))
        .filter((name) => name.startsWith('snapshot.'))
        .sort()
        .at(-1) ?? '';
    await flipByte(join(directory, newest), 60);
    assert.deepEqual(await read(second), before);
    const third = await ensemble.start(1);
    assert.ok((await zxidsLoaded(third)).includes(snapshotName(before.lastZxid)));
  });

  it('counts a missing epoch file as the server does', async () => {
    await using ensemble = await withData(5);
    const stopped = ensemble.server(1);
    await stopped.kill('SIGTERM');
    const before = await read(stopped);
    await rm(join(stopped.dataDir, 'version-2', 'currentEpoch'));
    await rm(join(stopped.dataDir, 'version-2', 'acceptedEpoch'));
    assert.deepEqual(await read(stopped), before);
    const server = await ensemble.start(1);
    await server.untilServing();
    assert.equal((await read(server)).currentEpoch, before.currentEpoch + 1);
  });
});

describe('data directory', () => {
  it('is absent only when there is none', async () => {
    await using directory = await temporaryDirectory();
    assert.equal(await readDataDirectory(join(directory.path, 'version-2'), SIGNAL), undefined);
    assert.deepEqual(await readDataDirectory(directory.path, SIGNAL), {
      currentEpoch: NO_DATABASE,
      acceptedEpoch: 0,
      lastZxid: zxid(0),
    });
  });

  it('an epoch that is no number is damage, and so is an empty one', async () => {
    for (const name of ['acceptedEpoch', 'currentEpoch']) {
      for (const text of ['garbage', '', '\0', '\n1', ' 1', '99999999999']) {
        await using directory = await temporaryDirectory();
        await writeFile(join(directory.path, 'snapshot.100000005'), snapshotOf());
        await writeFile(join(directory.path, name), text);
        const facts = await readDataDirectory(directory.path, SIGNAL);
        assert.match(facts?.damage ?? '', new RegExp(`${name} should hold one number`), JSON.stringify(text));
        assert.equal(facts?.lastZxid, zxid(0x1_0000_0005));
      }
    }
  });

  it('does not take for damage what a server is about to write', async () => {
    await using directory = await temporaryDirectory();
    await writeFile(join(directory.path, 'snapshot.100000005'), snapshotOf());
    await writeFile(join(directory.path, 'acceptedEpoch'), '1');
    await writeFile(join(directory.path, 'currentEpoch'), '0');
    assert.match(
      (await readDataDirectory(directory.path, SIGNAL))?.damage ?? '',
      /older than the epoch 1 of the last zxid/,
    );
    const reading = readDataDirectory(directory.path, SIGNAL);
    await sleep(20);
    await writeFile(join(directory.path, 'currentEpoch'), '1');
    assert.deepEqual(await reading, { currentEpoch: 1, acceptedEpoch: 1, lastZxid: zxid(0x1_0000_0005) });
  });

  it('does not read an unchanged log again, but notices what is appended', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'log.1');
    await writeFile(join(directory.path, 'snapshot.0'), snapshotOf());
    await writeFile(path, Buffer.concat([LOG_HEADER, logEntry(1), logEntry(2)]));
    assert.equal((await readDataDirectory(directory.path, SIGNAL))?.lastZxid, zxid(2));
    const { calls } = await countingCalls(async () => {
      assert.equal((await readDataDirectory(directory.path, SIGNAL))?.lastZxid, zxid(2));
    });
    assert.ok(!calls.some((call) => call.startsWith('open') && call.endsWith('snapshot.0')));
    assert.ok(!calls.includes(`open ${path}`), calls.join('\n'));
    await appendFile(path, logEntry(3));
    assert.equal((await readDataDirectory(directory.path, SIGNAL))?.lastZxid, zxid(3));
  });

  it('holds no data when there is an accepted epoch alone', async () => {
    await using directory = await temporaryDirectory();
    await writeFile(join(directory.path, 'acceptedEpoch'), '7\n');
    assert.deepEqual(await readDataDirectory(directory.path, SIGNAL), {
      currentEpoch: NO_DATABASE,
      acceptedEpoch: 7,
      lastZxid: zxid(0),
    });
  });
});

async function waitUntil(holds: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (await holds().catch(() => false)) return;
    await sleep(50);
  }
  assert.fail('It did not come to hold in 30 s.');
}

async function flipByte(path: string, position: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, position);
    buffer.writeUInt8((buffer.readUInt8(0) + 1) % 256, 0);
    await file.write(buffer, 0, 1, position);
  } finally {
    await file.close();
  }
}
