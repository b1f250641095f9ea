// SPDX-License-Identifier: Apache-2.0
/** Joiners whose disks are not what the ensemble takes them for. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startByHand } from '../../lab/zookeeper/by-hand.ts';
import { zookeeperHome } from '../../lab/zookeeper/fetch.ts';
import { freeLoopbackBlock } from '../../lab/zookeeper/loopback.ts';
import { ZookeeperClient } from '../../src/client/index.ts';
import { memberAt, votersOf } from '../../src/model/member.ts';
import { epochOf } from '../../src/model/zxid.ts';
import { readConfig } from '../../src/zookeeper/config-directory.ts';
import { readDataDirectory } from '../../src/zookeeper/data-directory.ts';
import { nothingVanishesFrom, oneEnsemble } from './support/agreement.ts';
import { killedAt } from './support/kill-at.ts';
import { startLab, waitFor } from './support/lab.ts';
import { bootstrapped, letTheOthersGo, loseMajority } from './support/survivors.ts';
import { WrittenData } from './support/written-data.ts';

const LIMIT_MS = 90_000;

class TemporaryFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'zk-joiner-'));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

test('a joiner crashed between the commit of its addition and its own knowledge of it, then the leader restarted', {
  timeout: 500_000,
}, async () => {
  await using lab = await startLab({ nodes: 1, ticks: 'never' });
  using kept = new TemporaryFolder();
  await lab.healthy();
  await bootstrapped(lab);
  const leader = await lab.leader();
  const written = await WrittenData.start(lab);
  await written.write(50);
  lab.setBootPlan({ bootstrap: false, ticks: 'never' });
  await lab.scale(2);
  const joiner = await waitFor(
    async () => (await lab.nodes()).find((node) => node.machine === 'running' && node.instance !== leader.instance),
    { limitMs: LIMIT_MS, why: 'the joiner runs' },
  );
  const conf = join(lab.directoryOf(joiner.instance), 'conf');
  const synced = await lab.agent(joiner.instance, ['bootstrap'], killedAt({ event: 'act', step: 'add-self' }));
  assert.equal(synced.signal, 'SIGKILL', synced.stdout + synced.stderr);
  cpSync(conf, kept.path, { recursive: true });
  const added = await lab.agent(joiner.instance, ['bootstrap'], killedAt({ event: 'acted', step: 'add-self' }));
  assert.equal(added.signal, 'SIGKILL', added.stdout + added.stderr);
  const { version } = await lab.configOf(leader.address ?? '');
  const dynamicFile = join(conf, 'zoo.cfg.dynamic');
  await waitFor(async () => (await readConfig({ confDir: conf, dynamicFile }))?.version === version, {
    limitMs: LIMIT_MS,
    why: 'the addition is on the disk of the joiner',
  });

  // The disk as it was when the joiner had logged and acknowledged its addition, and did not know that it committed.
  await lab.powerOff(joiner.instance);
  await lab.powerOff(leader.instance);
  const config = await readConfig({ confDir: conf, dynamicFile });
  assert.ok(config?.version === version && votersOf(config).length === 2, 'The addition had committed.');
  const hex = BigInt(`0x${version}`).toString(16);
  const pending = `${readFileSync(join(conf, `zoo.cfg.dynamic.${hex}`), 'utf8').trim()}\nversion=${hex}\n`;
  rmSync(conf, { recursive: true });
  cpSync(kept.path, conf, { recursive: true });
  writeFileSync(join(conf, 'zoo.cfg.dynamic.next'), pending);
  const before = await readConfig({ confDir: conf, dynamicFile });
  assert.deepEqual(before && votersOf(before).map((member) => member.address), [leader.address]);

  lab.setBootPlan({ bootstrap: true, ticks: 5 });
  lab.powerOn(leader.instance);
  lab.powerOn(joiner.instance);
  await written.checkOn(await oneEnsemble(lab, 2));
  assert.equal((await lab.records()).length, 1, 'Nothing was recovered by force.');
});

test('data of an older lineage that is ahead is set aside whole: it neither poisons the ensemble nor keeps its node out', {
  timeout: 600_000,
}, async () => {
  const { lab: lost, survivors, written } = await loseMajority(3);
  await using lab = lost;
  await using block = await freeLoopbackBlock();
  using by = new TemporaryFolder();
  const owner = survivors[0] ?? '';
  cpSync(join(lab.directoryOf(owner), 'data/version-2'), join(by.path, 'data/version-2'), { recursive: true });
  await letTheOthersGo(lab, []);
  await oneEnsemble(lab, 3);

  // An old server that lived on somewhere: the same history, with foreign nodes and epochs of its own on top. It has
  // held more elections than a record allows for (Recovery 10).
  writeFileSync(join(by.path, 'data/version-2/acceptedEpoch'), String(2 * 0x1_0000));
  const address = block.address(1);
  const member = memberAt(9, address, 'participant');
  for (const start of ['joiner', 'restart', 'restart'] as const) {
    const common = { directory: by.path, id: 9, address, distribution: await zookeeperHome() };
    await using server = await startByHand({ ...common, start, members: [member] });
    await server.untilServing();
    await using client = await ZookeeperClient.connect({ servers: `${address}:2181` });
    const names = Array.from({ length: 200 }, (_, index) => `/foreign-${index}`);
    for (const name of names) if ((await client.exists(name)) === undefined) await client.create(name);
    await client.create(`/epoch-of-${start}-`, { sequential: true });
  }
  const foreign = await readDataDirectory(join(by.path, 'data/version-2'), AbortSignal.timeout(LIMIT_MS));
  const leading = await lab.srvr((await lab.leader()).address ?? '');
  assert.ok(foreign !== undefined && leading.kind === 'serving');
  assert.ok(foreign.currentEpoch > epochOf(leading.zxid) && foreign.lastZxid > leading.zxid, 'It is ahead.');

  const node = await lab.nodeWhere(
    'another node than the owner follows',
    (each) => each.instance !== owner && each.role === 'follower',
  );
  await lab.powerOff(node.instance);
  const data = join(lab.directoryOf(node.instance), 'data');
  rmSync(join(data, 'version-2'), { recursive: true });
  cpSync(join(by.path, 'data/version-2'), join(data, 'version-2'), { recursive: true });
  const stampFile = join(data, 'zk-agent/stamp.json');
  writeFileSync(stampFile, JSON.stringify({ ...JSON.parse(readFileSync(stampFile, 'utf8')), lineage: 1 }));
  const check = nothingVanishesFrom(lab, [node.instance]);
  lab.powerOn(node.instance);

  // Writes go on while it comes back.
  await written.write(50);
  await written.checkOn(await oneEnsemble(lab, 3));
  check();
  const aside = join(data, 'aside');
  const folders = readdirSync(aside).filter((name) => existsSync(join(aside, name, 'version-2')));
  assert.equal(folders.length, 1, 'It is set aside whole.');
  const kept = await readDataDirectory(join(aside, folders[0] ?? '', 'version-2'), AbortSignal.timeout(LIMIT_MS));
  assert.deepEqual(kept, foreign, 'And it is what it was.');
  assert.equal((await lab.records()).length, 2);
});
