// SPDX-License-Identifier: Apache-2.0
import { AgentError } from '../../../src/errors.ts';
import type { DataFacts, DiskFacts } from '../../../src/model/disk.ts';
import { ZXID_ZERO } from '../../../src/model/zxid.ts';
import type { Ports } from '../../../src/ports.ts';
import type { Node } from '../node/node.ts';
import type { Mutation } from './mutation.ts';

function reading(change: (facts: DiskFacts, node: Node) => DiskFacts): (ports: Ports, node: Node) => Ports {
  return (ports, node) => ({
    ...ports,
    disk: { ...ports.disk, read: async (signal) => change(await ports.disk.read(signal), node) },
  });
}

function endKnown({ mayHoldMore, ...data }: DataFacts): DataFacts {
  return data;
}

const NOTHING = { currentEpoch: 0, acceptedEpoch: 0, lastZxid: ZXID_ZERO };

export const FILE_MUTATIONS: readonly Mutation[] = [
  {
    name: 'copy-counts-as-own',
    rule: 'Disk 3: data under the stamp of another volume is a copy of an earlier time, and is set aside',
    ports: reading(({ volume, ...facts }) => facts),
    seeds: 500,
  },
  {
    name: 'copy-not-offered',
    rule: 'Disk 3: the data of a copy counts as set aside, from the report on in which its node says so',
    seeds: 2000,
    withLater: true,
    ports: reading(({ aside, ...facts }) => ({
      ...facts,
      aside: aside.filter(({ name }) => !name.startsWith('copy-of-')),
    })),
  },
  {
    name: 'founds-on-any-volume',
    rule: 'Disk 3: an owner founds on the volume that its record names, and on no other',
    ports: (ports) => ({
      ...ports,
      objects: {
        ...ports.objects,
        get: async (key, signal) => {
          const found = await ports.objects.get(key, signal);
          if (!found || !key.startsWith('lineage/')) return found;
          return { ...found, body: found.body.replace(/"volume":"[^"]*",/g, '') };
        },
      },
    }),
  },
  {
    name: 'marker-of-a-copy-kept',
    rule: 'Disk 3: with a copy the marker of a first start and the nonce go, too',
    ports: (ports, node) => ({
      ...ports,
      disk: {
        ...ports.disk,
        setCopyAside: async (name) => {
          const { marker, nonce, stamp, data } = node.disk;
          await ports.disk.setCopyAside(name);
          node.disk.marker = marker;
          node.disk.nonce = nonce;
          if (!data) node.disk.stamp = stamp && { ...stamp, volume: node.disk.volume ?? 'vol-0' };
        },
      },
    }),
  },
  {
    name: 'half-epoch-unread',
    rule: 'Files 1: currentEpoch.tmp counts where the server takes the epoch from it',
    from: 350,
    seeds: 2000,
    withLater: true,
    ports: reading((facts, { disk }) => {
      if (!facts.data || !disk.data || typeof disk.data.half !== 'number') return facts;
      return { ...facts, data: { ...facts.data, currentEpoch: disk.data.currentEpoch } };
    }),
  },
  {
    name: 'hidden-end-not-awaited',
    rule: 'Files 1: damage that hides the end of the data blocks a recovery',
    ports: reading((facts) => (facts.data ? { ...facts, data: endKnown(facts.data) } : facts)),
  },
  {
    name: 'torn-file-ends-the-look',
    rule: 'Files 2: each file of a node fails by itself',
    ports: reading((facts, { disk }) => {
      if (disk.torn.size > 0) throw new AgentError('BAD_DATA_DIRECTORY', 'A file is empty.', 'Look at it.');
      return facts;
    }),
    seeds: 300,
  },
  {
    name: 'torn-fence-is-none',
    rule: 'Files 2: a fence that can’t be read is a fence',
    ports: reading(({ fence, ...facts }, { disk }) => (fence && !disk.torn.has('fence') ? { ...facts, fence } : facts)),
  },
  {
    name: 'torn-stamp-not-awaited',
    rule: 'Files 2: data whose stamp can’t be read blocks a recovery that would have less',
    seeds: 1000,
    withLater: true,
    ports: reading((facts, { disk }) => {
      const aside = facts.aside.map((each) => (each.lineage === 0 ? { ...each, data: NOTHING } : each));
      if (!disk.torn.has('stamp') || disk.stamp === undefined) return { ...facts, aside };
      const { unreadable: _, ...left } = facts;
      return { ...left, aside, stamp: { ...disk.stamp, lineage: 0 }, data: NOTHING };
    }),
  },
  {
    name: 'half-sync-under-torn-stamp-not-awaited',
    rule: 'Files 2: damaged data counts by its last zxid, for half of a sync has no epoch yet',
    from: 580,
    seeds: 3000,
    withLater: true,
    ports: reading((facts, { disk }) => {
      if (!disk.torn.has('stamp') || facts.data?.damage === undefined || facts.data.mayHoldMore) return facts;
      const { damage: _, ...data } = facts.data;
      return { ...facts, data };
    }),
  },
  {
    name: 'damaged-aside-not-awaited',
    rule: 'Recovery 7: damaged data set aside of the same record blocks while its node has not synced again',
    ports: reading((facts) => ({
      ...facts,
      aside: facts.aside.map((each) => (each.data.damage === undefined ? each : { ...each, data: NOTHING })),
    })),
  },
  {
    name: 'torn-stamp-is-none-without-data',
    rule: 'Files 2: a node without data whose stamp can’t be read has no first start',
    ports: reading(({ unreadable, ...facts }, { disk }) => {
      const left = unreadable?.filter(
        ({ what }) => what !== 'stamp' || facts.data !== undefined || !disk.torn.has(what),
      );
      return left === undefined || left.length === 0 ? facts : { ...facts, unreadable: left };
    }),
  },
  {
    name: 'led-ensemble-outlives-its-server',
    rule: 'Joining 1, Genesis 2: a node whose own server led is beside no ensemble, and data set aside means that it has started',
    parts: (parts) => ({
      ...parts,
      observe: async (look, signal, earlier) => {
        const seen = await parts.observe(look, signal, earlier);
        const led = earlier?.observation.ensemble;
        const own = seen.ensemble === undefined && led?.leader.address === seen.self.address;
        const started = seen.disk.data !== undefined || seen.disk.stamp !== undefined;
        return {
          ...seen,
          ensemble: own ? led : seen.ensemble,
          disk: started ? seen.disk : { ...seen.disk, aside: [] },
        };
      },
    }),
  },
  {
    name: 'torn-files-of-voters-stay',
    rule: 'Files 3: a serving voter’s files are written anew',
    parts: (parts) => ({
      ...parts,
      act: async (step, context) => {
        if (step.kind !== 'mend-files') return parts.act(step, context);
        throw new AgentError('PRECONDITION_CHANGED', 'Not now.', 'Nothing.');
      },
    }),
    seeds: 300,
  },
];
