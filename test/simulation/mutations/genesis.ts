import type { Mutation } from '../core/mutation.ts';

export const GENESIS_MUTATIONS: readonly Mutation[] = [
  {
    name: 'record-not-once',
    rule: 'Create-once: a lineage record is created once and never changed',
    ports: (ports) => ({
      ...ports,
      objects: {
        ...ports.objects,
        createOnce: async (key, body, signal) => {
          if (!/^lineage\/\d+\.json$/.test(key)) return ports.objects.createOnce(key, body, signal);
          const there = await ports.objects.get(key, signal);
          await ports.objects.replace(key, body, there?.etag, signal);
          return 'created';
        },
      },
    }),
  },
  {
    name: 'nonce-ignored',
    rule: 'Genesis 2: an announcement with another nonce means that this disk was wiped after its start',
    ports: (ports, node) => ({
      ...ports,
      objects: {
        ...ports.objects,
        get: async (key, signal) => {
          const found = await ports.objects.get(key, signal);
          if (!found || !key.includes('/started/') || !node.disk.nonce)
            return key.includes('/started/') ? undefined : found;
          const announcement = JSON.parse(found.body) as { id: number };
          if (announcement.id !== node.disk.id) return found;
          return { ...found, body: JSON.stringify({ ...announcement, nonce: node.disk.nonce }) };
        },
      },
    }),
  },
  {
    name: 'marker-again',
    rule: 'Genesis 2: a stamped node never writes the marker again, whatever its disk holds',
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
    name: 'original-config',
    rule: 'Genesis 4: restart from what the server wrote last, not from what the agent wrote first',
    ports: (ports, node) => {
      const written = originals.get(node) ?? node.disk.config;
      return {
        ...ports,
        disk: {
          ...ports.disk,
          writeConfig: async (members) => {
            await ports.disk.writeConfig(members);
            originals.set(node, node.disk.config);
          },
        },
        server: {
          ...ports.server,
          start: async (signal) => {
            const first = originals.get(node) ?? written;
            if (first) node.disk.config = first;
            await ports.server.start(signal);
          },
        },
      };
    },
  },
];

const originals = new WeakMap<object, import('../../../src/model/member.ts').EnsembleConfig | undefined>();
