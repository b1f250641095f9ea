// SPDX-License-Identifier: Apache-2.0
/** A node whose files are written by the agent's own code, under a real server. */
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerByHand } from '../../lab/zookeeper/by-hand.ts';
import type { ZookeeperClient } from '../../src/client/index.ts';
import type { Member } from '../../src/model/member.ts';
import { ZXID_ZERO } from '../../src/model/zxid.ts';
import type { NodeDisk } from '../../src/ports.ts';
import { LAB_TICK } from '../../src/timings.ts';
import { nodeDisk } from '../../src/zookeeper/node-disk.ts';
import { superSecret } from '../../src/zookeeper/super-secret.ts';
import { connectTo, type RealEnsemble } from '../support/real-server.ts';

const CLUSTER = 'orders-4f1c2a90';

export interface RealNode {
  readonly id: number;
  readonly disk: NodeDisk;
  readonly dataDir: string;
  readonly confDir: string;
  start(): Promise<ServerByHand>;
}

/** A node whose files are written by the agent's own code; its server reads the secret's file. */
export async function realNode(ensemble: RealEnsemble, id: number): Promise<RealNode> {
  const dataDir = join(ensemble.directory, String(id), 'data');
  const confDir = join(ensemble.directory, String(id), 'conf');
  await mkdir(dataDir, { recursive: true });
  await mkdir(confDir, { recursive: true });
  const disk = nodeDisk({
    dataDir,
    confDir,
    idFile: join(dataDir, 'myid'),
    dynamicFile: join(confDir, 'zoo.cfg.dynamic'),
    cluster: CLUSTER,
    tick: LAB_TICK,
  });
  const { javaOptionsFile } = await superSecret(dataDir);
  return {
    id,
    disk,
    dataDir,
    confDir,
    start: () => ensemble.start(id, { jvmOptions: [`@${javaOptionsFile}`] }),
  };
}

export async function genesis(found: RealNode, members: readonly Member[]): Promise<ServerByHand> {
  await found.disk.writeId(found.id);
  await found.disk.writeMarker();
  await found.disk.writeConfig({ version: ZXID_ZERO, members });
  await found.disk.writeStamp({ cluster: CLUSTER, lineage: 1, id: found.id });
  return found.start();
}

/** A client of the node's own server with the node's own secret. */
export async function superClient(found: RealNode, server: ServerByHand): Promise<ZookeeperClient> {
  const client = await connectTo(server);
  await client.addAuth('digest', `super:${(await superSecret(found.dataDir)).password}`);
  return client;
}

export async function until(what: string, check: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000;
  while (!(await check())) {
    assert.ok(performance.now() < end, `in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
