// SPDX-License-Identifier: Apache-2.0
/** What every recovery must leave behind: one ensemble, and no file of a database gone. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { votersOf } from '../../../src/model/member.ts';
import type { TestLab } from './lab.ts';
import { waitFor } from './wait-for.ts';

const LIMIT_MS = 150_000;

/**
 * Waits until this many nodes vote, and checks that every server has the same config, which holds exactly those nodes
 * under the ids of their own disks and claims. Returns the addresses of the servers.
 */
export async function oneEnsemble(lab: TestLab, voters: number, limitMs = LIMIT_MS): Promise<readonly string[]> {
  return waitFor(
    async () => {
      await lab.healthy(limitMs);
      const nodes = (await lab.nodes()).filter((node) => node.machine === 'running');
      assert.equal(nodes.length, voters);
      const addresses = nodes.map((node) => node.address ?? '');
      const configs = await Promise.all(addresses.map((address) => lab.configNow(address)));
      for (const config of configs) assert.deepEqual(config, configs[0], 'All servers have the same config.');
      const members = votersOf(configs[0] ?? { version: '', members: [] });
      const byNumber = (a: readonly [number, string], b: readonly [number, string]): number => a[0] - b[0];
      assert.deepEqual(
        members.map((member) => [member.id, member.address] as const).sort(byNumber),
        nodes.map((node) => [node.id ?? 0, node.address ?? ''] as const).sort(byNumber),
        'The members are the nodes.',
      );
      const claims = await lab.claims();
      for (const node of nodes) {
        const owner = claims.findLast((claim) => claim.id === node.id)?.owner;
        assert.ok(typeof owner === 'object' && owner.instance === node.instance, `${node.instance} owns its id.`);
      }
      return addresses;
    },
    { limitMs, why: `${voters} nodes are one ensemble` },
  );
}

/** Names of the snapshots and logs that a machine's disk holds, in use or set aside. */
function databaseFiles(machineDirectory: string): ReadonlySet<string> {
  const data = join(machineDirectory, 'data');
  const aside = join(data, 'aside');
  const folders = [data, ...(existsSync(aside) ? readdirSync(aside).map((name) => join(aside, name)) : [])];
  const names = folders
    .map((folder) => join(folder, 'version-2'))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder));
  return new Set(names.filter((name) => /^(log|snapshot)\./.test(name)));
}

/** Notes what these machines' disks hold now; the function that is returned checks that none of it has vanished. */
export function nothingVanishesFrom(lab: TestLab, instances: readonly string[]): () => void {
  const before = instances.map((instance) => ({ instance, names: databaseFiles(lab.directoryOf(instance)) }));
  for (const { instance, names } of before) assert.ok(names.size > 0, `${instance} has a database.`);
  return () => {
    for (const { instance, names } of before) {
      const now = databaseFiles(lab.directoryOf(instance));
      const gone = [...names].filter((name) => !now.has(name));
      assert.deepEqual(gone, [], `No snapshot and no log of ${instance} has vanished.`);
    }
  };
}
