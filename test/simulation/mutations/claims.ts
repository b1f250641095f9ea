import type { Ports } from '../../../src/ports.ts';
import type { Mutation } from '../core/mutation.ts';
import { deciding, withLives } from './seen.ts';

export const CLAIM_MUTATIONS: readonly Mutation[] = [
  {
    name: 'claim-not-exclusive',
    rule: 'Claims 1: CreateLogStream succeeds once, and the owner is created once',
    seeds: 300,
    ports: (ports) => ({
      ...ports,
      claimStreams: {
        ...ports.claimStreams,
        create: async (name, signal) => {
          await ports.claimStreams.create(name, signal);
          return 'created';
        },
      },
      objects: {
        ...ports.objects,
        createOnce: async (key, body, signal) => {
          if (!key.startsWith('claims/')) return ports.objects.createOnce(key, body, signal);
          const there = await ports.objects.get(key, signal);
          await ports.objects.replace(key, body, there?.etag, signal);
          return 'created';
        },
      },
    }),
  },
  {
    name: 'shutting-down-is-gone',
    rule: 'Claims 3: an owner that is merely shutting down still runs',
    seeds: 1000,
    parts: deciding((observation) => withLives(observation, (life) => (life === 'shutting-down' ? 'gone' : life))),
  },
  {
    name: 'unknown-is-gone',
    rule: 'Words: unknown is never absent',
    seeds: 300,
    parts: deciding((observation) => withLives(observation, (life) => (life === 'unknown' ? 'gone' : life))),
  },
  {
    name: 'claims-deleted',
    rule: 'Claims 2: a taken over claim is a new generation; it is never deleted and created again',
    ports: (ports, node) => {
      const first = (name: string): string => name.replace(/^(claims\/)?(\d+)\.\d+/, '$1$2.1');
      return {
        ...ports,
        claimStreams: {
          ...ports.claimStreams,
          create: async (name, signal) => {
            if (name.endsWith('.1')) return ports.claimStreams.create(name, signal);
            // Whoever deletes may be slow about it.
            await ports.clock.sleep(node.slownessMs(), signal);
            await ports.objects.delete(`claims/${first(name)}.json`, signal);
            node.deleteStream(first(name));
            return ports.claimStreams.create(first(name), signal);
          },
        },
        // A new one each time: what was read of a claim must not be remembered, since it changes.
        get objects(): Ports['objects'] {
          return {
            ...ports.objects,
            createOnce: (key, body, signal) => ports.objects.createOnce(first(key), body, signal),
            get: (key, signal) => ports.objects.get(first(key), signal),
          };
        },
      };
    },
  },
];
