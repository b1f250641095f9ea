// SPDX-License-Identifier: Apache-2.0
import type { Ports } from '../../../src/ports.ts';
import type { Mutation } from './mutation.ts';
import { deciding, withLives } from './seen.ts';

/** Claims by the list of streams alone: no object counts that no stream stands for, and no earlier answer. */
function claimsByStreamsAlone(ports: Ports): Ports {
  const { claimStreams } = ports;
  let listed: readonly string[] = [];
  const made: string[] = [];
  const counts = (key: string): boolean => {
    const name = /^claims\/(.*)\.json$/.exec(key)?.[1];
    return name === undefined || listed.includes(name) || made.includes(name);
  };
  return {
    ...ports,
    claimStreams: {
      create: (name, signal) => {
        made.push(name);
        return claimStreams.create(name, signal);
      },
      list: async (signal) => {
        const streams = await claimStreams.list(signal);
        listed = streams.map(({ name }) => name);
        return streams;
      },
    },
    // A new one each time, so that nothing is remembered.
    get objects(): Ports['objects'] {
      const { objects } = ports;
      return {
        ...objects,
        list: async (prefix, signal) => (await objects.list(prefix, signal)).filter(({ key }) => counts(key)),
        get: async (key, signal) => (counts(key) ? objects.get(key, signal) : undefined),
      };
    },
  };
}

const EVERYBODY: readonly string[] = Object.assign([], { includes: () => true });

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
    seeds: 100,
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
            node.deleteClaim(first(name));
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
  {
    name: 'claims-by-streams-alone',
    rule: 'Claims 8: the claims are what either list names, and what was read by key',
    seeds: 120,
    ports: claimsByStreamsAlone,
  },
  {
    name: 'removed-unasked',
    rule: 'Joining 5: right before a removal the claims on the id are asked for by key',
    parts: (parts) => ({
      ...parts,
      act: (step, context) => parts.act('dead' in step ? { ...step, dead: EVERYBODY } : step, context),
    }),
  },
  {
    name: 'id-changed-by-mistake-stays',
    rule: 'Claims 8: of several own claims the one that stamp and config name counts',
    parts: deciding((observation) => {
      const { disk, shared } = observation;
      if (!shared.known || disk.id === disk.stamp?.id) return observation;
      const claims = shared.value.claims.filter(({ id }) => id !== disk.stamp?.id);
      return { ...observation, shared: { known: true, value: { ...shared.value, claims } } };
    }),
  },
  {
    name: 'streams-not-made-anew',
    rule: 'Claims 8: the owner of a claim whose stream is missing makes it anew',
    parts: deciding((observation) => {
      const { shared } = observation;
      if (!shared.known) return observation;
      const claims = shared.value.claims.map(({ unlisted: _, ...claim }) => claim);
      return { ...observation, shared: { known: true, value: { ...shared.value, claims } } };
    }),
  },
];
