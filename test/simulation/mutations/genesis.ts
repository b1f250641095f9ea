// SPDX-License-Identifier: Apache-2.0
import type { EnsembleConfig } from '../../../src/model/member.ts';
import type { Mutation } from './mutation.ts';

/** The config that the agent wrote first, by node. */
const originals = new WeakMap<object, EnsembleConfig>();

export const GENESIS_MUTATIONS: readonly Mutation[] = [
  {
    name: 'nonce-ignored',
    rule: 'Genesis 2: an announcement with another nonce means that this disk was wiped after its start',
    seeds: 200,
    ports: (ports, node) => ({
      ...ports,
      objects: {
        ...ports.objects,
        get: async (key, signal) => {
          const found = await ports.objects.get(key, signal);
          if (!found || !key.includes('/started/') || !node.disk.nonce) {
            return key.includes('/started/') ? undefined : found;
          }
          const announcement = JSON.parse(found.body) as { id: number };
          if (announcement.id !== node.disk.id || node.disk.stamp) return found;
          // A wiped disk without a nonce sees none; with one it sees its own.
          if (node.disk.nonce === undefined) return undefined;
          return { ...found, body: JSON.stringify({ ...announcement, nonce: node.disk.nonce }) };
        },
      },
    }),
  },
  {
    name: 'marker-again',
    rule: 'Genesis 2: a stamped node never writes the marker again, whatever its disk holds',
    seeds: 200,
    ports: (ports) => ({
      ...ports,
      disk: {
        ...ports.disk,
        read: async (signal) => {
          const { stamp, ...facts } = await ports.disk.read(signal);
          return stamp && facts.data ? { ...facts, stamp } : facts;
        },
      },
    }),
  },
  {
    name: 'floor-of-first-start-not-raised-again',
    rule: 'Genesis 2: while the marker is there, the accepted epoch is raised to the floor of the record right before a start',
    parts: (parts) => ({
      ...parts,
      act: (step, context) => parts.act(step.kind === 'start-server' ? { kind: step.kind } : step, context),
    }),
  },
  {
    name: 'joins-unannounced',
    rule: 'Genesis 2: a late member of the genesis record announces its start when it joins, too',
    parts: (parts) => ({
      ...parts,
      act: (step, context) => {
        if (step.kind !== 'prepare-join') return parts.act(step, context);
        const { objects } = context.ports;
        const unannounced: typeof objects = {
          ...objects,
          createOnce: async (key, body, signal) =>
            key.includes('/started/') ? 'created' : objects.createOnce(key, body, signal),
          get: async (key, signal) =>
            key.includes('/started/') ? { key, body: '{}', etag: '', ageMs: 0 } : objects.get(key, signal),
        };
        return parts.act(step, { ...context, ports: { ...context.ports, objects: unannounced } });
      },
    }),
  },
  {
    name: 'original-config',
    rule: 'Genesis 4: restart from what the server wrote last, not from what the agent wrote first',
    ports: (ports, node) => ({
      ...ports,
      disk: {
        ...ports.disk,
        writeConfig: async (config) => {
          await ports.disk.writeConfig(config);
          if (node.disk.config) originals.set(node, node.disk.config);
        },
      },
      server: {
        ...ports.server,
        start: async (signal) => {
          node.disk.config = originals.get(node) ?? node.disk.config;
          await ports.server.start(signal);
        },
      },
    }),
  },
];
