// SPDX-License-Identifier: Apache-2.0
/** The lab's own server: where it comes from, and the addresses it gets. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';
import { zookeeperHome } from '../../lab/zookeeper/fetch.ts';
import { freeLoopbackBlock } from '../../lab/zookeeper/loopback.ts';
import { outcomeOf, runProgram } from '../../tools/program.ts';
import { realEnsemble } from '../support/real-server.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const ROOT = resolve(import.meta.dirname, '../..');

async function fetchWith(home: string): Promise<string> {
  const env = { ...process.env, ZOOKEEPER_HOME: home };
  const words = ['--import', 'tsx', 'lab/zookeeper/fetch.ts'];
  return runProgram(process.execPath, words, { directory: ROOT, environment: env });
}

describe('the server for lab and tests', () => {
  it('is named jar by jar, with an archive that the JVM really maps', async () => {
    const distribution = await zookeeperHome();
    assert.ok(distribution.jars.some((jar) => jar.endsWith('/zookeeper-3.9.5.jar')));
    assert.ok(!distribution.classPath.includes('*'));
    assert.ok(distribution.archive);
    const [java = '', ...args] = distribution.command('fast', ['-Xlog:class+load']);
    const { stdout } = await outcomeOf(java, [...args, '/nowhere/zoo.cfg']);
    assert.match(stdout, /QuorumPeerMain source: shared objects file \(top\)/);
  });

  it('comes from an unpacked distribution when that is named, and refuses another version', async () => {
    assert.match(await fetchWith(resolve(ROOT, '.cache/zookeeper-3.9.5')), /ZooKeeper 3\.9\.5: \d+ jars/);
    await using directory = await temporaryDirectory();
    await assert.rejects(fetchWith(directory.path));
    await runProgram('mkdir', [resolve(directory.path, 'lib')]);
    await assert.rejects(fetchWith(directory.path), /holds no ZooKeeper 3\.9\.5/);
  });

  it('serves as an ensemble, answers only the words that are listed, and says why it did not start', async () => {
    await using ensemble = await realEnsemble(3);
    const modes = await Promise.all(
      [1, 2, 3].map(async (id) => /Mode: (\w+)/.exec(await ensemble.server(id).ask('srvr'))?.[1]),
    );
    assert.deepEqual(modes.sort(), ['follower', 'follower', 'leader']);
    assert.equal(await ensemble.server(1).ask('ruok'), 'imok');
    assert.match(await ensemble.server(1).ask('conf'), /not in the whitelist/);
    const faulty = await ensemble.start(9, { start: 'joiner', members: [] });
    await assert.rejects(faulty.untilServing(), /ended instead of serving:/);
  });
});

describe('a block of loopback addresses', () => {
  it('is given to one user at a time', async () => {
    const blocks = await Promise.all(Array.from({ length: 20 }, () => freeLoopbackBlock()));
    assert.equal(new Set(blocks.map(({ prefix }) => prefix)).size, 20);
    for (const block of blocks) {
      assert.match(block.cidr, /^127\.\d+\.\d+\.0\/24$/);
      await assert.rejects(listening(`${block.prefix}.254`), { code: 'EADDRINUSE' });
      await block[Symbol.asyncDispose]();
      await listening(`${block.prefix}.254`);
    }
  });
});

async function listening(host: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolveListening, reject) => {
    server.once('error', reject);
    server.listen({ host, port: 2181 }, () => resolveListening());
  });
  await new Promise((resolveClosed) => server.close(resolveClosed));
}
