// SPDX-License-Identifier: Apache-2.0
import type { Addition } from './addition.ts';

export const DISK_FAILS: Addition = {
  name: 'disk-fails',
  what: 'a write of the agent to its disk fails',
  shares: [0, 0, 0, 0.01, 0.05],
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
