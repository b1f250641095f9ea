// SPDX-License-Identifier: Apache-2.0
/** Every list and filter that the agent calls, by its name in the table of docs/protocol.md, and how it is emptied. */
import type { Ports } from '../../src/ports.ts';

/** The ports with one answer emptied. Calls `hidden` each time when something was there that is not shown. */
export type Emptied = (ports: Ports, hidden: () => void) => Ports;

/** No listing of the bucket shows keys that begin like this. */
export function unlisted(beginning: string, ...asked: readonly string[]): Emptied {
  return ({ objects, ...ports }, hidden) => ({
    ...ports,
    objects: {
      ...objects,
      list: async (prefix, signal) => {
        const listed = await objects.list(prefix, signal);
        if (asked.length > 0 && !asked.includes(prefix)) return listed;
        const shown = listed.filter(({ key }) => !key.startsWith(beginning));
        if (shown.length < listed.length) hidden();
        return shown;
      },
    },
  });
}

function ec2(change: (ec2: Ports['ec2'], hidden: () => void) => Partial<Ports['ec2']>): Emptied {
  return (ports, hidden) => ({ ...ports, ec2: { ...ports.ec2, ...change(ports.ec2, hidden) } });
}

function autoScaling(
  change: (group: Ports['autoScaling'], hidden: () => void) => Partial<Ports['autoScaling']>,
): Emptied {
  return (ports, hidden) => ({
    ...ports,
    autoScaling: { ...ports.autoScaling, ...change(ports.autoScaling, hidden) },
  });
}

/** Nothing instead of what was found. */
function nothing<T>(found: readonly T[], hidden: () => void): readonly T[] {
  if (found.length > 0) hidden();
  return [];
}

export const LISTS: Readonly<Record<string, Emptied>> = {
  streams: (ports, hidden) => ({
    ...ports,
    claimStreams: {
      ...ports.claimStreams,
      list: async (signal) => nothing(await ports.claimStreams.list(signal), hidden),
    },
  }),
  objects: unlisted(''),
  claims: unlisted('claims/'),
  notes: unlisted('dead/'),
  outcomes: unlisted('lineage/000002/outcomes/'),
  words: unlisted('lineage/000001/gone/'),
  records: unlisted('lineage/', 'lineage/'),
  reports: unlisted('reports/'),
  places: unlisted('places/'),
  names: ({ names, ...ports }, hidden) => ({
    ...ports,
    ...(names && { names: { ...names, read: async (signal) => nothing(await names.read(signal), hidden) } }),
  }),
  instances: ec2((port, hidden) => ({
    describe: async (ids, signal) => nothing(await port.describe(ids, signal), hidden),
  })),
  'one instance': ec2((port, hidden) => ({
    describe: async () => [],
    isForgotten: async (instance, signal) => {
      if (await port.isForgotten(instance, signal)) hidden();
      return false;
    },
  })),
  tagged: ec2((port, hidden) => ({
    describeCluster: async (cluster, signal) => nothing(await port.describeCluster(cluster, signal), hidden),
  })),
  'own group': autoScaling((port, hidden) => ({
    groupOf: async (instance, signal) => {
      if ((await port.groupOf(instance, signal)) !== undefined) hidden();
      return undefined;
    },
  })),
  group: autoScaling((port, hidden) => ({
    describe: async (name, signal) => {
      await port.describe(name, signal);
      hidden();
      throw new Error('There is no such group.');
    },
  })),
  "group's instances": autoScaling((port, hidden) => ({
    describe: async (name, signal) => {
      const group = await port.describe(name, signal);
      return { ...group, instances: nothing(group.instances, hidden) };
    },
  })),
  hooks: autoScaling((port, hidden) => ({
    hookLimitMs: async (group, hook, signal) => {
      if ((await port.hookLimitMs(group, hook, signal)) !== undefined) hidden();
      return undefined;
    },
  })),
  slots: ({ slots, ...ports }, hidden) => ({
    ...ports,
    ...(slots && {
      slots: {
        kind: slots.kind,
        attach: slots.attach.bind(slots),
        ownAddress: slots.ownAddress.bind(slots),
        list: async (cluster: string, signal: AbortSignal) => nothing(await slots.list(cluster, signal), hidden),
      },
    }),
  }),
};
