// SPDX-License-Identifier: Apache-2.0
/** Joining 12 on real servers: who joins again with its data, beside a server with an older config than its own. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ServerByHand } from '../../lab/zookeeper/by-hand.ts';
import { joinersVersion } from '../../src/model/first-version.ts';
import { ZXID_ZERO } from '../../src/model/zxid.ts';
import { parseDynamicConfig } from '../../src/zookeeper/dynamic-config.ts';
import { connectTo, emptyEnsemble, zxidOf } from '../support/real-server.ts';
import { genesis, type RealNode, realNode, superClient, until } from './real-node.ts';

const SIGNAL = new AbortController().signal;
/** For whatever the two that come back have to say to each other. */
const WAIT_MS = 5_000;

/** By a person, through the first server, whoever leads at the moment. */
async function removed(id: number, one: RealNode, first: ServerByHand): Promise<void> {
  await until(`member ${id} is removed`, async () => {
    try {
      await using client = await superClient(one, first);
      const { members } = parseDynamicConfig((await client.getConfig()).data.toString());
      if (!members.some((member) => member.id === id)) return true;
      await client.reconfig({ leaving: [id] });
    } catch {
      // An election came in between, say of the one that is removed.
    }
    return false;
  });
}

it('one of three was removed while it was down, one left: the two that come back do not elect each other', async () => {
  await using ensemble = await emptyEnsemble(3);
  const { members } = ensemble;
  const [one, two, three] = await Promise.all([1, 2, 3].map((id) => realNode(ensemble, id)));
  assert.ok(one && two && three);
  const [first, second, third] = await Promise.all([one, two, three].map((found) => genesis(found, members)));
  assert.ok(first && second && third);
  await Promise.all([first, second, third].map((server) => server.untilServing()));
  await until('all have the first config', async () => {
    const disks = await Promise.all([one, two, three].map(({ disk }) => disk.read(SIGNAL)));
    return disks.every(({ config }) => (config?.version ?? ZXID_ZERO) !== ZXID_ZERO);
  });
  await second.kill();
  await removed(2, one, first);
  await removed(3, one, first);
  await until('its disk knows of its removal', async () => {
    return (await three.disk.read(SIGNAL)).config?.members.length === 1;
  });
  await third.kill();
  await first.untilServing();
  {
    await using client = await connectTo(first);
    await client.create('/acknowledged');
  }
  const last = await zxidOf(first);
  await first.kill();

  const { config } = await three.disk.read(SIGNAL);
  assert.ok(config);
  const observer = members.filter(({ id }) => id === 3).map((member) => ({ ...member, role: 'observer' as const }));
  const version = joinersVersion(config.version);
  await three.disk.writeConfig({ version, members: [...config.members, ...observer] });
  const [old, again] = [await two.start(), await three.start()];
  // Without a version they elect each other within this time, and serve without what was acknowledged.
  await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  for (const server of [old, again]) assert.doesNotMatch(await server.ask('srvr').catch(() => ''), /^Mode:/m);
  const back = await one.start();
  await Promise.all([back, again].map((server) => server.untilServing()));
  assert.ok((await zxidOf(again)) >= last);
  await using client = await connectTo(again);
  assert.ok(await client.exists('/acknowledged'));
});
