// SPDX-License-Identifier: Apache-2.0
/** What the agent writes is what a real server starts on, and what the server writes is what the agent reads. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { ServerByHand } from '../../lab/zookeeper/by-hand.ts';
import { firstVersion, joinersVersion } from '../../src/model/first-version.ts';
import { memberAt } from '../../src/model/member.ts';
import { epochOf, fromZxid, toZxid, ZXID_ZERO } from '../../src/model/zxid.ts';
import { formatMember, parseDynamicConfig } from '../../src/zookeeper/dynamic-config.ts';
import { superSecret } from '../../src/zookeeper/super-secret.ts';
import { connectTo, emptyEnsemble, zxidOf } from '../support/real-server.ts';
import { genesis, realNode, superClient, until } from './real-node.ts';

const SIGNAL = new AbortController().signal;

describe('a node disk under a real server', () => {
  it('genesis, growth by a joiner, and the config files that the server writes', async () => {
    await using ensemble = await emptyEnsemble(2);
    const first = memberAt(1, ensemble.block.address(1), 'participant');
    const second = memberAt(2, ensemble.block.address(2), 'participant');
    const one = await realNode(ensemble, 1);
    const two = await realNode(ensemble, 2);
    const serverOne = await genesis(one, [first]);
    await serverOne.untilServing();
    assert.equal((await one.disk.read(SIGNAL)).marker, false, 'the server took the marker');

    await two.disk.writeId(2);
    await two.disk.writeConfig({ version: ZXID_ZERO, members: [first, { ...second, role: 'observer' }] });
    const serverTwo = await two.start();
    await serverTwo.untilServing();
    await using client = await superClient(two, serverTwo);
    await client.reconfig({ joining: [formatMember(second)] });
    const committed = parseDynamicConfig((await client.getConfig()).data.toString());
    assert.deepEqual(committed.members, [first, second]);
    for (const found of [one, two]) {
      await until('the server points zoo.cfg at the committed config', async () => {
        const { config } = await found.disk.read(SIGNAL);
        return config?.version === committed.version;
      });
      const { config, pending } = await found.disk.read(SIGNAL);
      assert.deepEqual([config, pending], [committed, undefined]);
    }
  });

  it('a config that was proposed and did not commit is pending, and a fresh config clears it for a forced start', async () => {
    await using ensemble = await emptyEnsemble(3);
    const { members } = ensemble;
    const nodes = await Promise.all([1, 2, 3].map((id) => realNode(ensemble, id)));
    const servers = await Promise.all(nodes.map((found) => genesis(found, members)));
    await Promise.all(servers.map((server) => server.untilServing()));
    const [one] = nodes;
    const [serverOne] = servers;
    assert.ok(one && serverOne);
    const leader = (await leaderOf(servers)) ?? serverOne;
    const found = nodes.find(({ id }) => id === leader.id) ?? one;
    // Closed with the block also when the test fails: it would go on looking for its server.
    await using client = await superClient(found, leader);
    // The others can't acknowledge the proposal, so the leader alone logs it.
    for (const server of servers) {
      if (server !== leader) {
        await server.kill('SIGSTOP');
      }
    }
    const added = memberAt(9, ensemble.block.address(9), 'observer');
    client.reconfig({ joining: [formatMember(added)] }).catch(() => {});
    await until(
      'the proposed config is on the disk',
      async () => (await found.disk.read(SIGNAL)).pending !== undefined,
    );
    const { pending, config } = await found.disk.read(SIGNAL);
    assert.deepEqual(
      pending?.members.map(({ id }) => id),
      [1, 2, 3, 9],
    );
    assert.ok(config && pending.version > config.version);
    await Promise.all(servers.map((server) => server.kill()));
    await client.close();

    // Recovery by force on this node: config, floor, start.
    const alone = memberAt(found.id, leader.address, 'participant');
    const before = await found.disk.read(SIGNAL);
    await found.disk.copyDataAside('before-2');
    await found.disk.raiseAcceptedEpoch(41);
    await found.disk.writeConfig({ version: ZXID_ZERO, members: [alone] });
    const survivor = await found.start();
    await survivor.untilServing();
    assert.equal(epochOf(await zxidOf(survivor)), 42);
    await using again = await connectTo(survivor);
    const forced = parseDynamicConfig((await again.getConfig()).data.toString());
    assert.deepEqual(forced.members, [alone]);
    const facts = await found.disk.read(SIGNAL);
    assert.equal(facts.pending, undefined);
    assert.deepEqual(
      facts.aside.map(({ name, data }) => [name, data]),
      [['before-2', before.data]],
    );
  });

  it('a marked first start with a raised accepted epoch elects an epoch above it', async () => {
    await using ensemble = await emptyEnsemble(3);
    const nodes = await Promise.all([1, 2, 3].map((id) => realNode(ensemble, id)));
    // On every member: a quorum of others would settle on epoch 1, and who promised more could never follow it.
    await Promise.all(nodes.map(({ disk }) => disk.raiseAcceptedEpoch(6)));
    const servers = await Promise.all(nodes.map((found) => genesis(found, ensemble.members)));
    await Promise.all(servers.map((server) => server.untilServing()));
    const leader = await leaderOf(servers);
    assert.ok(leader);
    await using client = await connectTo(leader);
    await client.create('/first');
    assert.equal(epochOf(await zxidOf(leader)), 7);
  });

  for (const [what, version] of [
    ['without a version', ZXID_ZERO],
    ['with the version of a record', firstVersion({ epochFloor: 0x1_0000 })],
  ] as const) {
    it(`a first config ${what}, beside a server that somebody added and that still has the old one`, async () => {
      await using ensemble = await emptyEnsemble(4);
      const alone = memberAt(1, ensemble.block.address(1), 'participant');
      const added = memberAt(2, ensemble.block.address(2), 'observer');
      const one = await realNode(ensemble, 1);
      const old = await genesis(one, [alone]);
      await old.untilServing();
      const two = await realNode(ensemble, 2);
      await two.disk.writeId(2);
      await two.disk.writeConfig({ version: ZXID_ZERO, members: [alone, added] });
      const byHand = await two.start();
      await byHand.untilServing();
      {
        await using client = await superClient(one, old);
        await client.reconfig({ joining: [formatMember(added)] });
      }
      await until('the added server knows the config', async () => {
        return ((await two.disk.read(SIGNAL)).config?.version ?? ZXID_ZERO) > toZxid(1n << 32n);
      });
      await old.kill();
      await rm(join(one.dataDir, 'version-2'), { recursive: true });
      // All data is gone. The next record has two members, and the other one starts later.
      const three = await realNode(ensemble, 3);
      const members = [alone, memberAt(3, ensemble.block.address(3), 'participant')];
      for (const { disk } of [one, three]) {
        await disk.raiseAcceptedEpoch(0x1_0000);
        await disk.writeMarker();
        await disk.writeConfig({ version, members });
      }
      await three.disk.writeId(3);
      const first = await one.start();
      if (version === ZXID_ZERO) {
        // It serves alone, under the config of the lost ensemble.
        await first.untilServing();
        await using client = await connectTo(first);
        const taken = parseDynamicConfig((await client.getConfig()).data.toString());
        assert.deepEqual(
          taken.members.map(({ id }) => id),
          [1, 2],
        );
        return;
      }
      // Time for whatever the added server has to say.
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      assert.deepEqual((await one.disk.read(SIGNAL)).config, { version, members });
      const third = await three.start();
      await Promise.all([first, third].map((server) => server.untilServing()));
      await using client = await superClient(one, first);
      assert.deepEqual(parseDynamicConfig((await client.getConfig()).data.toString()), { version, members });
      assert.equal(epochOf(await zxidOf(first)), 0x1_0001);
      // And it grows as any other: the joiner takes over what is committed.
      const four = await realNode(ensemble, 4);
      const joiner = memberAt(4, ensemble.block.address(4), 'participant');
      await four.disk.writeId(4);
      await four.disk.writeConfig({
        version: joinersVersion(version),
        members: [...members, { ...joiner, role: 'observer' }],
      });
      const fourth = await four.start();
      await fourth.untilServing();
      await using own = await superClient(four, fourth);
      await own.reconfig({ joining: [formatMember(joiner)] });
      await until('the joiner has the committed config', async () => {
        const { config } = await four.disk.read(SIGNAL);
        return (config?.version ?? '') > version && config?.members.length === 3;
      });
      await fourth.kill();
      await (await four.start()).untilServing();
    });
  }

  it('data set aside and restored is served again', async () => {
    await using ensemble = await emptyEnsemble(1);
    const one = await realNode(ensemble, 1);
    const first = await genesis(one, ensemble.members);
    await first.untilServing();
    {
      await using client = await connectTo(first);
      await client.create('/kept', { data: Buffer.from('value') });
    }
    await first.kill('SIGTERM');
    const before = (await one.disk.read(SIGNAL)).data;
    await one.disk.setDataAside('kept');
    assert.equal((await one.disk.read(SIGNAL)).data, undefined);
    await one.disk.restoreAside('kept');
    assert.deepEqual((await one.disk.read(SIGNAL)).data, before);
    const again = await one.start();
    await again.untilServing();
    await using client = await connectTo(again);
    assert.equal((await client.get('/kept')).data.toString(), 'value');
    assert.ok(fromZxid(await zxidOf(again)) > fromZxid(before?.lastZxid ?? '0'));
  });
});

describe("a node's own super secret", () => {
  it('lets its own agent reconfig and nobody else', async () => {
    await using ensemble = await emptyEnsemble(1);
    const one = await realNode(ensemble, 1);
    const server = await genesis(one, ensemble.members);
    await server.untilServing();
    const added = [formatMember(memberAt(9, ensemble.block.address(9), 'observer'))];
    await using stranger = await connectTo(server);
    await assert.rejects(stranger.reconfig({ joining: added }), { code: 'NO_AUTH' });
    await stranger.addAuth('digest', 'super:guessed').catch(() => {});
    await assert.rejects(stranger.reconfig({ joining: added }));
    await using own = await superClient(one, server);
    await own.reconfig({ joining: added });
  });

  it('stands in no argument list, environment, log or readable file', async () => {
    await using ensemble = await emptyEnsemble(1);
    const one = await realNode(ensemble, 1);
    const server = await genesis(one, ensemble.members);
    await server.untilServing();
    const { password, javaOptionsFile } = await superSecret(one.dataDir);
    const digest = (await readFile(javaOptionsFile, 'utf8')).trim().split('superDigest=super:')[1] ?? '';
    assert.match(digest, /^[A-Za-z0-9+/]{27}=$/);
    for (const file of [`/proc/${server.pid}/cmdline`, `/proc/${server.pid}/environ`, server.logFile]) {
      const text = await readFile(file, 'latin1');
      assert.ok(text.length > 0 && !text.includes(password) && !text.includes(digest), file);
    }
    const { readable } = await readableFiles(join(ensemble.directory, '1'));
    for (const file of readable) {
      const text = await readFile(file, 'latin1');
      assert.ok(!text.includes(password) && !text.includes(digest), file);
    }
  });

  it('is made once, also by two runs at once, and its options file is repaired', async () => {
    await using ensemble = await emptyEnsemble(1);
    const dataDir = join(ensemble.directory, 'data');
    await mkdir(dataDir);
    const secrets = await Promise.all(Array.from({ length: 8 }, () => superSecret(dataDir)));
    assert.equal(new Set(secrets.map(({ password }) => password)).size, 1);
    const { javaOptionsFile, password } = await superSecret(dataDir);
    const options = await readFile(javaOptionsFile, 'utf8');
    await writeFile(javaOptionsFile, 'torn');
    assert.equal((await superSecret(dataDir)).password, password);
    assert.equal(await readFile(javaOptionsFile, 'utf8'), options);
    assert.deepEqual((await readdir(join(dataDir, 'zk-agent'))).sort(), ['java-options', 'super-secret']);
  });
});

async function leaderOf(servers: readonly ServerByHand[]): Promise<ServerByHand | undefined> {
  for (const server of servers) {
    if ((await server.ask('srvr')).includes('Mode: leader')) {
      return server;
    }
  }
  return undefined;
}

async function readableFiles(directory: string): Promise<{ readable: readonly string[] }> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const readable: string[] = [];
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && ((await stat(path)).mode & 0o077) !== 0) {
      readable.push(path);
    }
  }
  assert.ok(readable.length > 0);
  return { readable };
}
