// SPDX-License-Identifier: Apache-2.0
/** Files of a node that are not what they were, and epochs that are written late. */
import type { NodeFile } from '../../../src/model/disk.ts';
import type { Random } from '../core/random.ts';
import type { DataState, DiskState } from '../node/disk-state.ts';
import type { World } from '../world.ts';
import type { Addition } from './addition.ts';

/** Learner.syncWithLeader of 3.9.5: a DIFF is logged before `currentEpoch` is written, and that takes a moment. */
export const SLOW_EPOCH: Addition = {
  name: 'slow-epoch',
  what: 'a follower has logged entries of the new epoch, and currentEpoch is written a while later',
  shares: [0, 0, 0, 0.5, 0.9],
};

/** AtomicFileOutputStream: `currentEpoch.tmp` first, empty and then with the epoch, and then its rename. */
export const HALF_EPOCH: Addition = {
  name: 'half-epoch',
  what: 'currentEpoch.tmp is there, with the epoch or empty, and its rename comes later',
  shares: [0, 0, 0, 0.5, 1],
};

export const DATA_DAMAGED: Addition = {
  name: 'data-damaged',
  what: 'data is damaged, and mended a while later, or not before the faults are over',
  everyMs: [0, 0, 0, 100_000, 300_000],
  strike: (world, random) => {
    const node = random.shuffle(world.living.filter(({ disk }) => disk.data?.initialised))[0];
    const data = node?.disk.data;
    if (!node || !data || data.bad !== undefined) return false;
    data.bad = random.chance(0.5) ? 'known-end' : 'hidden-end';
    world.trace.line(node.name, 'its data is damaged', () => data.bad ?? '');
    world.supervisor.crash(node, 'its data is damaged');
    if (random.chance(0.5)) {
      world.scheduler.after(random.between(10_000, 240_000), () => {
        data.bad = undefined;
        world.trace.line(node.name, 'its data is mended');
      });
    }
    return true;
  },
  mend: (world) => {
    for (const { disk } of world.nodes) {
      for (const data of [disk.data, ...disk.aside.map((aside) => aside.data)]) if (data) data.bad = undefined;
    }
  },
};

/** Nothing that the agent reads says so: an entry that is whole, and that the server can't read. */
export const DATA_UNLOADABLE: Addition = {
  name: 'data-unloadable',
  what: 'a server ends at each start on data that looks whole, until that is mended, or the faults are over',
  everyMs: [0, 0, 0, 100_000, 300_000],
  strike: (world, random) => {
    const node = random.shuffle(world.living.filter(({ disk }) => disk.data?.initialised))[0];
    const data = node?.disk.data;
    if (!node || !data || data.unloadable) return false;
    data.unloadable = true;
    world.trace.line(node.name, 'no server loads its data any more');
    world.supervisor.crash(node, 'its data does not load');
    if (random.chance(0.5)) world.scheduler.after(random.between(10_000, 240_000), () => mendLoad(data));
    return true;
  },
  // Beside the others a node helps itself: it sets such data aside, and joins empty (Server 5).
  mend: (world) => {
    for (const node of world.nodes) {
      const helpsItself = world.leader !== undefined && world.ensemble.on(node) === undefined;
      for (const { data } of node.disk.aside) mendLoad(data);
      if (node.disk.data && !helpsItself) mendLoad(node.disk.data);
    }
  },
};

/** What the agent has noted is of the file as it was. */
function mendLoad(data: DataState): void {
  data.unloadable = false;
  data.failed = undefined;
}

/** A server that runs does not notice; the next start does. */
export const FILE_TORN: Addition = {
  name: 'file-torn',
  what: 'a file of a node is empty or cut off: id, stamp, nonce, fence, config, or the proposed one',
  everyMs: [0, 0, 0, 60_000, 200_000],
  strike: (world, random) => {
    const node = random.shuffle(world.living)[0];
    if (!node) return false;
    const [file] = random.shuffle(filesOf(node.disk));
    if (file === undefined) return false;
    node.disk.torn.add(file);
    world.trace.line(node.name, `its file is torn: ${file}`);
    if (random.chance(0.5)) endServer(world, random, node.name);
    return true;
  },
  // Without any word of whose the data is nobody but a person can say it.
  mend: (world) => {
    for (const { disk } of world.nodes) disk.torn.delete('stamp');
  },
};

function filesOf(disk: DiskState): readonly NodeFile[] {
  const files = ['id', 'stamp', 'nonce', 'fence', 'config', 'pending'] as const;
  return files.filter((file) => disk[file] !== undefined && !disk.torn.has(file));
}

function endServer(world: World, random: Random, name: string): void {
  const node = world.living.find((each) => each.name === name);
  if (!node) return;
  if (random.chance(0.5)) node.reboot();
  else world.supervisor.crash(node, 'a file of its node is torn');
}
