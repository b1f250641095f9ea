// SPDX-License-Identifier: Apache-2.0
/** The leader is killed under a tree cache: it reads what changed alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, TreeCache } from '../../../src/client/index.ts';
import { CLIENT_PORT } from '../../../src/model/member.ts';
import { type RealEnsemble, realEnsemble } from '../../support/real-server.ts';
import { FrameProxy } from './frame-proxy.ts';
import { untilSame } from './tree-shown.ts';

const SET_WATCHES = 105;

async function leaderOf(ensemble: RealEnsemble): Promise<number> {
  for (;;) {
    for (const [id, server] of ensemble.servers) if (/^Mode: leader/m.test(await server.ask('srvr'))) return id;
    await sleep(50);
  }
}

test('the leader is killed: at most two requests for each znode that changed', { timeout: 300_000 }, async () => {
  await using ensemble = await realEnsemble(3);
  const addresses = ensemble.members.map(({ id }) => ensemble.server(id).address);
  const [one, two, three] = await Promise.all(addresses.map((address) => FrameProxy.start(address, CLIENT_PORT)));
  assert.ok(one && two && three);
  await using stack = new AsyncDisposableStack();
  for (const proxy of [one, two, three]) stack.use(proxy);
  const proxies = [one, two, three];
  const leader = await leaderOf(ensemble);
  const rest = addresses.filter((_, at) => at + 1 !== leader).map((address) => `${address}:${CLIENT_PORT}`);
  await using other = await connect({ servers: rest.join(), sessionTimeoutMs: 20_000 });
  await other.create('/cached');
  const paths = Array.from({ length: 400 }, (_, at) => `/cached/${at}`);
  await Promise.all(paths.map((path) => other.create(path)));
  const own = proxies.map(({ address }) => address).join();
  await using client = await connect({ servers: own, sessionTimeoutMs: 20_000 });
  await client.sync();
  await using cache = await TreeCache.open(client, '/cached');
  assert.equal(cache.size, 401);
  const events = cache.events();
  for (const proxy of proxies) {
    proxy.opcodes.length = 0;
    proxy.setOpen(false);
  }
  await ensemble.server(leader).kill('SIGKILL');
  let changed = 0;
  while (changed < 10) {
    const path = paths[changed] ?? '';
    try {
      await other.set(path, Buffer.from('changed'));
      changed += 1;
    } catch (error) {
      // Until there is a leader again; to set it twice does no harm here.
      assert.ok(['CONNECTION_LOST', 'MAYBE_APPLIED'].includes((error as { code?: string }).code ?? ''));
    }
  }
  for (const proxy of proxies) proxy.setOpen(true);
  for await (const event of events) if (event.kind === 'current') break;
  await untilSame(other, cache);
  const asked = proxies.flatMap(({ opcodes }) => opcodes).filter((opcode) => opcode !== SET_WATCHES).length;
  assert.ok(asked >= changed && asked <= 2 * changed, `${asked} requests for ${changed} changed znodes`);
});
