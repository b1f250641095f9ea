// SPDX-License-Identifier: Apache-2.0
import { bestCandidate } from '../../../src/decide/rank.ts';
import type { LoopParts } from '../../../src/loop.ts';
import type { Advice } from '../../../src/model/advice.ts';
import type { Observation } from '../../../src/model/observation.ts';
import { adviceOf, advised } from '../../../src/model/step.ts';
import type { Mutation } from './mutation.ts';

/** What was decided stays; a person is told something else about it. */
function advising(tell: (observation: Observation, advice: readonly Advice[]) => readonly Advice[]) {
  return (parts: LoopParts): LoopParts => ({
    ...parts,
    decide: (observation) => {
      const decision = parts.decide(observation);
      return advised(decision, tell(observation, adviceOf(decision)));
    },
  });
}

export const ADVICE_MUTATIONS: readonly Mutation[] = [
  {
    name: 'terminate-unconditionally',
    rule: 'Advice 2: nobody is advised to terminate an instance that can run',
    seeds: 20,
    parts: advising((_, advice) =>
      advice.map((piece) => (piece.action === 'terminate-instance' ? { ...piece, when: [] } : piece)),
    ),
  },
  {
    name: 'advice-names-the-best',
    rule: 'Advice 2: the node that recovers next is started, not terminated',
    seeds: 20,
    parts: advising(({ silence, self }, advice) => {
      const best = silence.known ? bestCandidate(silence.value.reports.map(({ report }) => report)) : undefined;
      if (!best || best.instance === self.instance) return advice;
      return [{ action: 'terminate-instance', instance: best.instance, when: [{ is: 'no-leader' }] }, ...advice];
    }),
  },
  {
    name: 'advice-beside-a-leader',
    rule: 'Advice 3: while a quorum serves none of its machines is given up',
    seeds: 20,
    parts: advising(({ ensemble, shared, self }, advice) => {
      if (!ensemble || !shared.known) return advice;
      const silent = ensemble.config.members.find(({ id }) => !ensemble.servingIds.includes(id));
      const owner = shared.value.claims.find(({ id }) => id === silent?.id)?.owner;
      if (typeof owner !== 'object' || owner.instance === self.instance) return advice;
      return [...advice, { action: 'terminate-instance', instance: owner.instance, when: [] }];
    }),
  },
  {
    name: 'nobody-without-an-id-asked-for',
    rule: 'Advice 2: a machine that never claimed an id, and that the next ensemble needs, is started or terminated',
    parts: (parts) => ({
      ...parts,
      decide: (observation) => {
        const decision = parts.decide(observation);
        return decision.why.includes('have claimed an id') ? advised(decision, []) : decision;
      },
    }),
  },
  {
    name: 'advice-tells-of-no-loss',
    rule: 'Advice 4: the advice says from which zxid on writes are lost',
    parts: advising((_, advice) =>
      advice.map((piece) => {
        if (piece.action !== 'move-data-away') return piece;
        const { loses: _, ...silent } = piece;
        return silent;
      }),
    ),
  },
];
