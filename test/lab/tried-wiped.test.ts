// SPDX-License-Identifier: Apache-2.0
/** Disks that were wiped after their first start: they never get a second marker, and never a vote by themselves. */
import assert from 'node:assert/strict';
import { existsSync, type FSWatcher, readdirSync, rmSync, watch } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LAB_TIMINGS } from '../../src/timings.ts';
import { nothingVanishesFrom, oneEnsemble } from './support/agreement.ts';
import { startLab, staysSo, type TestLab, waitFor } from './support/lab.ts';
import { WrittenData } from './support/written-data.ts';

const LIMIT_MS = 150_000;
const MARKER = 'initialize';

function dataOf(lab: TestLab, instance: string): string {
  return join(lab.directoryOf(instance), 'data');
}

/** As after a new disk: the folders stay, since they are the mount point and the image's. */
function wipe(lab: TestLab, instance: string): void {
  for (const name of ['data', 'conf']) {
    const folder = join(lab.directoryOf(instance), name);
    for (const entry of readdirSync(folder)) rmSync(join(folder, entry), { recursive: true });
  }
}

/** Hears every file that appears in these data directories, however short its life. */
class MarkerWatch implements Disposable {
  readonly seen: string[] = [];
  readonly #heard = new Set<string>();
  readonly #watchers: readonly FSWatcher[];

  constructor(lab: TestLab, instances: readonly string[]) {
    this.#watchers = instances.map((instance) =>
      watch(dataOf(lab, instance), (_event, name) => {
        this.#heard.add(instance);
        if (name === MARKER) this.seen.push(instance);
      }),
    );
  }

  /** That nothing was seen means something only where anything was heard. */
  check(instances: readonly string[]): void {
    for (const instance of instances) assert.ok(this.#heard.has(instance), `The disk of ${instance} was watched.`);
    assert.deepEqual(this.seen, [], 'No second marker was ever written.');
  }

  [Symbol.dispose](): void {
    for (const watcher of this.#watchers) watcher.close();
  }
}

test('two wiped nodes and one with data: heals unasked with the data, and the wiped never elect each other', {
  timeout: 500_000,
}, async () => {
  await using lab = await startLab({ nodes: 3 });
  await lab.healthy();
  const nodes = (await lab.nodes()).map((node) => node.instance);
  const leader = (await lab.leader()).instance;
  const survivor = nodes.find((instance) => instance !== leader) ?? '';
  const wiped = nodes.filter((instance) => instance !== survivor);
  const written = await WrittenData.start(lab);
  await written.write(200);
  await written.reaches(lab.host(survivor).address);

  await Promise.all(nodes.map((instance) => lab.powerOff(instance)));
  const check = nothingVanishesFrom(lab, [survivor]);
  for (const instance of wiped) wipe(lab, instance);
  using markers = new MarkerWatch(lab, wiped);
  // The wiped ones are there first, and have all the time to find each other.
  for (const instance of wiped) lab.powerOn(instance);
  const fenced = async (): Promise<boolean> =>
    (await lab.reports()).filter((report) => report.fenced && !report.canVote).length === wiped.length;
  await waitFor(fenced, { limitMs: LIMIT_MS, why: 'both wiped nodes say that they cannot vote' });
  const silent = async (): Promise<boolean> => {
    const answers = await Promise.all(wiped.map((instance) => lab.srvr(lab.host(instance).address)));
    return answers.every((answer) => answer.kind !== 'serving') && (await lab.records()).length === 1;
  };
  await staysSo(silent, { limitMs: 1.5 * LAB_TIMINGS.recoveryQuietMs, why: 'the wiped nodes serve nothing' });

  lab.powerOn(survivor);
  await written.checkOn(await oneEnsemble(lab, 3));
  check();
  markers.check(wiped);
  const records = await lab.records();
  const [, forced] = records;
  assert.equal(records.length, 2);
  assert.ok(forced?.kind === 'forced' && forced.owner.instance === survivor, 'The node with the data owns record 2.');
});

test('a stamped genesis node whose version-2 alone was wiped: no second marker, no vote; it joins empty', {
  timeout: 500_000,
}, async () => {
  await using lab = await startLab({ nodes: 3 });
  await lab.healthy();
  const nodes = (await lab.nodes()).map((node) => node.instance);
  const leader = (await lab.leader()).instance;
  const [wiped = '', behind = ''] = nodes.filter((instance) => instance !== leader);
  const written = await WrittenData.start(lab);
  await written.write(20);
  // What follows is acknowledged by the leader and the node that will be wiped alone: with an empty vote of the wiped
  // node, the one that is behind would be elected, and would erase it.
  await lab.powerOff(behind);
  await written.write(100, [lab.host(leader).address]);
  await lab.powerOff(wiped);
  await lab.powerOff(leader);

  using markers = new MarkerWatch(lab, [wiped]);
  const database = join(dataOf(lab, wiped), 'version-2');
  rmSync(database, { recursive: true });
  lab.powerOn(wiped);
  lab.powerOn(behind);
  await waitFor(async () => (await lab.reports()).some((report) => report.instance === wiped && !report.canVote), {
    limitMs: LIMIT_MS,
    why: 'the wiped node says that it cannot vote',
  });
  const quiet = async (): Promise<boolean> => {
    const answers = await Promise.all([wiped, behind].map((instance) => lab.srvr(lab.host(instance).address)));
    return answers.every((answer) => answer.kind !== 'serving') && (await lab.records()).length === 1;
  };
  await staysSo(quiet, { limitMs: 2.5 * LAB_TIMINGS.recoveryQuietMs, why: 'nothing is served without the leader' });

  lab.powerOn(leader);
  await written.checkOn(await oneEnsemble(lab, 3));
  assert.ok(existsSync(database), 'The wiped node has a database again.');
  markers.check([wiped]);
  assert.equal((await lab.records()).length, 1, 'Nothing was recovered by force.');
});
