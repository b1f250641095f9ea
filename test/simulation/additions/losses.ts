// SPDX-License-Identifier: Apache-2.0
/** Whole losses, made of parts that seldom come together by themselves. */
import { votersOf } from '../../../src/model/member.ts';
import { moveAside } from '../node/disk-port.ts';
import type { Node } from '../node/node.ts';
import type { World } from '../world.ts';
import type { Addition } from './addition.ts';
import { DATA_DAMAGED, FILE_TORN } from './files.ts';

/** Faults of operator and story keep most clusters without a leader, so a whole loss of one that serves is rare. */
export const WHOLE_LOSSES: Addition = {
  name: 'whole-losses',
  what: 'no fault of an operator, and no story: a cluster that is well, until a whole loss befalls it',
  shares: [0, 0, 0, 1],
};

/** What is wrong with the node that alone holds what was committed last. */
const AILMENTS = {
  nothing: 2,
  'half an epoch': 3,
  'a torn stamp': 2,
  'a hidden end': 3,
  'a known end': 2,
  'half a sync under a torn stamp': 2,
  'its damaged data set aside': 4,
} as const;

type Ailment = keyof typeof AILMENTS;

/** With these its server can start, so the two that are left must be no quorum. */
const STARTS: readonly Ailment[] = ['nothing', 'half an epoch', 'a torn stamp'];

export const LAST_COPY: Addition = {
  name: 'last-copy',
  what: 'all are terminated but one that is behind, and the last that is not: its files are not what they were',
  everyMs: [0, 0, 30_000, 80_000],
  whole: true,
  strike: (world, random) => {
    const voters = random.shuffle(servingVoters(world));
    const [ahead, behind] = voters;
    if (!ahead || !behind || voters.length < 3) return false;
    const ailment = random.weighted(AILMENTS);
    if (STARTS.includes(ailment) && mayBeQuorum(world, [ahead, behind])) return false;
    behind.pause();
    world.scheduler.after(random.between(15_000, 60_000), () => {
      world.scheduler.after(random.between(0, 40_000), () => behind.resume());
      if (!world.additions.isOn('last-copy') || !servingVoters(world).includes(ahead)) return;
      if (STARTS.includes(ailment) && mayBeQuorum(world, [ahead, behind])) return;
      // It promised an epoch that came to nothing.
      if (behind.disk.data && random.chance(0.3)) behind.disk.data.acceptedEpoch += 2;
      // Of a log that is damaged nothing is known to be there but what the snapshot before it holds.
      if (ailment === 'a hidden end' && ahead.disk.data) ahead.disk.data.snapshot = behind.disk.data?.log?.parent;
      ail(world, ahead, ailment);
      // Those that are stopped, too: started again, one of them would make a quorum.
      for (const node of world.nodes) {
        if (node === ahead || node === behind || !['running', 'stopped'].includes(node.instance.state)) continue;
        node.powerOff('terminated');
        world.cloud.instances.terminated(node.instance);
      }
    });
    return true;
  },
  mend: mendDisks,
};

export const QUORUM_DAMAGED: Addition = {
  name: 'quorum-damaged',
  what: 'the data of so many is damaged that no quorum is left, and is mended a while later',
  everyMs: [0, 0, 30_000, 100_000],
  whole: true,
  strike: (world, random) => {
    const voters = random.shuffle(servingVoters(world));
    if (voters.length < 3) return false;
    const victims = voters.slice(0, Math.ceil(voters.length / 2));
    for (const node of victims) {
      const { data } = node.disk;
      if (data) data.bad = 'known-end';
      world.supervisor.crash(node, 'its data is damaged');
    }
    world.trace.line('disks', 'the data of a quorum is damaged', () => victims.map(({ name }) => name).join(' '));
    const damaged = victims.map(({ disk }) => disk.data);
    const mend = (): void => {
      for (const data of damaged) if (data) data.bad = undefined;
      world.trace.line('disks', 'the data of a quorum is mended');
    };
    const latestMs = world.scheduler.nowMs + random.between(150_000, 400_000);
    const watch = (): void => {
      // Best while somebody stands still who has decided on less.
      if (world.living.some(({ paused }) => paused) || world.scheduler.nowMs > latestMs) mend();
      else world.scheduler.after(5_000, watch);
    };
    world.scheduler.after(60_000, watch);
    return true;
  },
  mend: mendDisks,
};

/** Whether these and the voters that somebody added by hand are enough: those are never terminated here. */
function mayBeQuorum({ leader, nodes }: World, left: readonly Node[]): boolean {
  if (!leader) return true;
  const voters = votersOf(leader.config);
  const byHand = voters.filter(({ address }) => nodes.every((node) => node.address !== address));
  return 2 * (left.length + byHand.length) > voters.length;
}

/** Those of the leader's voters that serve. */
function servingVoters(world: World): readonly Node[] {
  const { leader, ensemble, living } = world;
  if (!leader) return [];
  const addresses = votersOf(leader.config).map(({ address }) => address);
  return living.filter((node) => {
    const server = ensemble.on(node);
    return (
      addresses.includes(node.address) && server?.phase === 'serving' && server.term === leader.term && !node.paused
    );
  });
}

function ail({ supervisor, trace }: World, node: Node, ailment: Ailment): void {
  const { disk } = node;
  const { data, stamp } = disk;
  if (!data) return;
  trace.line(node.name, 'is the last', () => `with ${ailment}`);
  if (!STARTS.includes(ailment)) supervisor.crash(node, 'a file of it is not what it was');
  switch (ailment) {
    case 'nothing':
      break;
    case 'half an epoch':
      // As one that has just followed again, before its rename. Its server runs on.
      data.half = data.currentEpoch;
      data.currentEpoch -= 1;
      break;
    case 'a torn stamp':
      disk.torn.add('stamp');
      break;
    case 'a hidden end':
      data.bad = 'hidden-end';
      break;
    case 'a known end':
      data.bad = 'known-end';
      break;
    case 'half a sync under a torn stamp':
      disk.torn.add('stamp');
      data.currentEpoch = 0;
      break;
    case 'its damaged data set aside':
      data.bad = 'known-end';
      moveAside(disk, `lineage-${stamp?.lineage}-before-${stamp?.lineage}`);
      break;
  }
}

function mendDisks(world: World): void {
  DATA_DAMAGED.mend?.(world);
  FILE_TORN.mend?.(world);
}
