// SPDX-License-Identifier: Apache-2.0
import type { Mutation } from './mutation.ts';

export const SERVER_MUTATIONS: readonly Mutation[] = [
  {
    name: 'changed-between-restarts',
    rule: 'Server 1: a server between two restarts is stopped before its files change',
    from: 310,
    seeds: 3000,
    withLater: true,
    ports: (ports) => ({
      ...ports,
      server: {
        ...ports.server,
        state: async (signal) => {
          const state = await ports.server.state(signal);
          return state.kind === 'restarting' ? { kind: 'stopped' } : state;
        },
        stop: async (signal) => {
          if ((await ports.server.state(signal)).kind === 'running') await ports.server.stop(signal);
        },
      },
    }),
    world: (world) => {
      world.ensemble.asksForStamp = false;
    },
  },
  {
    name: 'started-without-stamp',
    rule: 'Server 1: the unit refuses to start without a stamp',
    from: 280,
    seeds: 2000,
    withLater: true,
    world: (world) => {
      world.ensemble.asksForStamp = false;
    },
  },
  {
    name: 'leader-not-asked',
    rule: 'Server 3: a running server that may be one that the leader counts is not stopped',
    seeds: 400,
    withLater: true,
    ports: (ports) => ({ ...ports, servers: { ...ports.servers, learners: async () => 0 } }),
  },
  {
    name: 'idle-unasked',
    rule: 'Server 3: a running server whose process works is not stopped',
    seeds: 400,
    withLater: true,
    ports: (ports) => ({ ...ports, server: { ...ports.server, work: async () => ({ cpuMs: 0, bytes: 0 }) } }),
  },
  {
    name: 'failed-starts-uncounted',
    rule: 'Server 5: a server that ends again and again at its start has damaged data',
    ports: (ports) => ({
      ...ports,
      server: {
        ...ports.server,
        state: async (signal) => {
          const state = await ports.server.state(signal);
          return state.kind === 'running' ? state : { kind: state.kind };
        },
      },
    }),
  },
];
