import type { Mutation } from '../core/mutation.ts';
import { deciding, withLives } from './seen.ts';

export const CLAIM_MUTATIONS: readonly Mutation[] = [
  {
    name: 'claim-not-exclusive',
    rule: 'Claims 1: CreateLogStream succeeds once, and the owner is created once',
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
    parts: deciding((observation) => withLives(observation, (life) => (life === 'shutting-down' ? 'gone' : life))),
  },
  {
    name: 'unknown-is-gone',
    rule: 'Words: unknown is never absent',
    parts: deciding((observation) => withLives(observation, (life) => (life === 'unknown' ? 'gone' : life))),
  },
  {
    name: 'id-of-a-member',
    rule: 'Claims 3 and 5: an id in the config is not free, and the config decides last',
    parts: deciding((observation) => {
      const { ensemble, self, disk } = observation;
      if (!ensemble || disk.id !== undefined) return observation;
      const members = ensemble.config.members.filter((member) => member.address === self.address);
      return { ...observation, ensemble: { ...ensemble, config: { ...ensemble.config, members } } };
    }),
  },
];
