// SPDX-License-Identifier: Apache-2.0
import { copyOfDisk, MOST_FREE_SHARE } from '../node/disk-state.ts';
import type { Addition } from './addition.ts';

export const DISK_FAILS: Addition = {
  name: 'disk-fails',
  what: 'a write of the agent to its disk fails',
  shares: [0, 0, 0, 0.01, 0.05],
};

/** ReplaceRootVolume from a snapshot; or an instance that was launched with the image of a node. */
export const DISK_PUT_BACK: Addition = {
  name: 'disk-put-back',
  what: 'a disk is replaced by what it, or the disk of another node, held some time before',
  everyMs: [0, 0, 0, 100_000, 250_000],
  strike: (world, random) => {
    const known = world.living.filter(({ disk }) => disk.volume !== undefined);
    const [of] = random.shuffle(known);
    if (!of) return false;
    const earlier = copyOfDisk(of.disk, of.disk.volume);
    world.trace.line(of.name, 'has a snapshot taken of its disk');
    world.scheduler.after(random.between(10_000, 200_000), () => {
      if (!world.additions.isOn('disk-put-back')) return;
      const young = world.living.filter(({ disk, up }) => up && disk.volume !== undefined && !disk.ready && !disk.data);
      const [node] = random.chance(0.3) ? young : world.living.filter((each) => each === of);
      if (node?.up) node.replaceDisk(earlier);
    });
    return true;
  },
};

/** On both sides of the fifth below which nothing is set aside (docs/protocol.md, "Server 4"). */
const SHARES = [0.05, 0.15, 0.199, 0.2, 0.201, 0.25];

export const DISK_RUNS_LOW: Addition = {
  name: 'disk-runs-low',
  what: 'a disk has about a fifth of its space left, a little more or a little less, for a while',
  everyMs: [0, 0, 0, 40_000, 120_000],
  strike: (world, random) => {
    const { living } = world;
    if (living.length === 0) return false;
    const node = random.pick(living);
    const { disk } = node;
    disk.freeShare = random.pick(SHARES);
    world.trace.line(node.name, 'its disk runs low', () => `${disk.freeShare * 100} % are free`);
    world.scheduler.after(random.between(30_000, 400_000), () => {
      disk.freeShare = MOST_FREE_SHARE;
    });
    return true;
  },
  mend: (world) => {
    for (const { disk } of world.nodes) disk.freeShare = MOST_FREE_SHARE;
  },
};

export const DISK_FILLS: Addition = {
  name: 'disk-fills',
  what: 'a disk is full for a while: no write succeeds, a leader ends, no server starts',
  everyMs: [0, 0, 0, 60_000, 200_000],
  strike: (world, random) => {
    const { living, leader } = world;
    if (living.length === 0) return false;
    const node = random.pick(living);
    const { disk } = node;
    disk.full = true;
    world.trace.line(node.name, 'its disk is full');
    // A follower that can't write retries; a leader exits with 10 (docs/protocol.md, "What matters when reading ...").
    if (leader?.host === node) world.supervisor.crash(node, 'its disk is full');
    world.scheduler.after(random.between(10_000, 240_000), () => {
      disk.full = false;
    });
    return true;
  },
  mend: (world) => {
    for (const { disk } of world.nodes) disk.full = false;
  },
};
