// SPDX-License-Identifier: Apache-2.0
import type { LoopParts } from '../../../src/loop.ts';
import { instancesBehind } from '../../../src/model/claims.ts';
import { ZXID_ZERO } from '../../../src/model/zxid.ts';
import type { Mutation } from './mutation.ts';

export const JOINING_MUTATIONS: readonly Mutation[] = [
  {
    name: 'joins-without-a-version',
    rule: 'Joining 12: a joiner’s file has the version right below the committed config that it was made from',
    parts: (parts) => ({
      ...parts,
      act: (step, context) => parts.act(step.kind === 'prepare-join' ? { ...step, version: ZXID_ZERO } : step, context),
    }),
  },
  {
    name: 'old-data-kept',
    rule: 'Joining 2: data of an older lineage is renamed aside and the node joins empty',
    seeds: 2000,
    ports: (ports, node) => ({
      ...ports,
      disk: {
        ...ports.disk,
        setDataAside: async (name) => {
          const record = Number(/-before-(?:genesis-)?(\d+)$/.exec(name)?.[1] ?? 0);
          if (node.disk.stamp) await ports.disk.writeStamp({ ...node.disk.stamp, lineage: record });
        },
      },
    }),
  },
  {
    name: 'no-limit-a-pass',
    rule: 'Joining 5: at most max(1, ⌊(voters − 1) / 2⌋) of the dead are removed in one pass',
    parts: (parts) => ({ ...parts, decide: (observation) => removingAll(parts, observation) }),
  },
  {
    name: 'dynamic-file-only',
    rule: 'Joining 3: a joiner gets a fresh pointer and a file of the committed config, not the file that its server left',
    seeds: 1500,
    parts: (parts) => ({
      ...parts,
      act: async (step, context) => {
        if (step.kind !== 'prepare-join') return parts.act(step, context);
        const before = await context.ports.disk.read(context.signal);
        if (!before.config || before.stamp?.lineage !== step.lineage) return parts.act(step, context);
        return undefined;
      },
    }),
  },
];

function removingAll(
  parts: LoopParts,
  observation: Parameters<LoopParts['decide']>[0],
): ReturnType<LoopParts['decide']> {
  const decision = parts.decide(observation);
  const { shared, ensemble, lives } = observation;
  if (decision.kind !== 'step' || decision.step.kind !== 'remove-members' || !shared.known || !ensemble) {
    return decision;
  }
  const gone = new Set(Object.keys(lives).filter((instance) => lives[instance] === 'gone'));
  const all = ensemble.config.members.flatMap((member) => {
    const instances = instancesBehind(shared.value.claims, member);
    return instances.some((instance) => gone.has(instance)) ? [{ id: member.id, instances }] : [];
  });
  const ids = new Set([...decision.step.ids, ...all.map(({ id }) => id)]);
  // The step names them as dead too, or it would not be acted upon.
  const dead = new Set([...decision.step.dead, ...all.flatMap(({ instances }) => instances)]);
  return { ...decision, step: { ...decision.step, ids: [...ids], dead: [...dead] } };
}
