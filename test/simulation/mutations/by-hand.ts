// SPDX-License-Identifier: Apache-2.0
import { isUnclaimed } from '../../../src/facts/by-hand.ts';
import { isGone } from '../../../src/facts/lives.ts';
import type { Action, Advice } from '../../../src/model/advice.ts';
import type { Observation } from '../../../src/model/observation.ts';
import type { GoneMember } from '../../../src/model/records.ts';
import type { Decision } from '../../../src/model/step.ts';
import { ZXID_ZERO } from '../../../src/model/zxid.ts';
import type { StoredObject } from '../../../src/ports.ts';
import type { Mutation } from './mutation.ts';
import { deciding } from './seen.ts';

export const BY_HAND_MUTATIONS: readonly Mutation[] = [
  {
    name: 'first-config-without-version',
    rule: 'Recovery 10: what agents write for a start is above all configs of older lineages',
    ports: (ports) => ({
      ...ports,
      objects: { ...ports.objects, get: async (key, signal) => lowered(await ports.objects.get(key, signal)) },
      disk: {
        ...ports.disk,
        writeConfig: ({ members }) => ports.disk.writeConfig({ version: ZXID_ZERO, members }),
      },
    }),
  },
  {
    name: 'nobody-for-a-leader-by-hand',
    rule: 'Joining 5: where a server leads that nobody claimed, every voter that sees so removes the dead',
    parts: deciding((observation) => {
      const { ensemble, shared } = observation;
      if (!ensemble || !shared.known || !isUnclaimed(observation, ensemble.leader)) return observation;
      const owner = { instance: 'i-none', address: ensemble.leader.address };
      const claim = { id: ensemble.leader.id, generation: 1, owner, ageMs: 0 };
      const { lives } = observation;
      return {
        ...observation,
        shared: { known: true, value: { ...shared.value, claims: [...shared.value.claims, claim] } },
        lives: { ...lives, 'i-none': 'alive' },
      };
    }),
  },
  {
    name: 'added-voter-never-asked-for',
    rule: 'Advice 3: a person is asked to start the server that is awaited and that he added',
    parts: neverAdvising('start-added-server'),
  },
  {
    name: 'declared-gone-unheard',
    rule: 'Recovery 11: a server that its person has declared gone is awaited no more',
    parts: deciding((observation) => withWords(observation, () => [])),
  },
  {
    name: 'declared-gone-for-ever',
    rule: 'Recovery 11: a word counts no more once a later epoch shows that the server was back',
    parts: deciding((observation) =>
      withWords(observation, (gone) => gone.map((word) => ({ ...word, epoch: Number.MAX_SAFE_INTEGER }))),
    ),
  },
  {
    name: 'one-word-at-most',
    rule: 'Recovery 11: with a voter to spare, two servers that were added may be declared gone',
    parts: advising((advice) => {
      const words = advice.filter(({ action }) => action === 'declare-gone').length;
      return words > 1 ? advice.filter(({ action }) => action !== 'declare-gone') : advice;
    }),
  },
  {
    name: 'words-of-the-gone',
    rule: 'Recovery 11: a word counts no more once an instance that it names is gone',
    parts: deciding((observation) =>
      withWords(observation, (gone) =>
        gone.map((word) => ({ ...word, left: word.left.filter((instance) => !isGone(observation, instance)) })),
      ),
    ),
  },
  {
    name: 'declare-gone-never-advised',
    rule: 'Advice 3: a person is asked whether a server that he added, and that does not start, is gone for good',
    parts: neverAdvising('declare-gone'),
  },
  {
    name: 'added-with-old-data',
    rule: 'Claims 7: under a newer record a server that a person added starts without its data',
    world: (world) => {
      world.byHand.keepsOldData = true;
    },
  },
  {
    name: 'every-member-claimed',
    rule: 'Claims 7: a member that nobody claimed makes no ensemble a stranger’s',
    seeds: 300,
    parts: deciding((observation) => {
      const { ensemble } = observation;
      const strange = ensemble?.config.members.some((member) => isUnclaimed(observation, member));
      return strange ? { ...observation, ensemble: undefined } : observation;
    }),
  },
  {
    name: 'unclaimed-are-dead',
    rule: 'Claims 7: a member that nobody claimed is never removed by the agent',
    seeds: 300,
    parts: deciding(withDeadClaimants),
  },
  {
    name: 'recovered-beside-servers-by-hand',
    rule: 'Recovery 3: of members that nobody claimed no server may answer',
    parts: deciding((observation) => {
      if (!observation.silence.known) return observation;
      const { byHand: _, ...value } = observation.silence.value;
      return { ...observation, silence: { known: true, value } };
    }),
  },
];

function withWords(
  observation: Observation,
  change: (gone: readonly GoneMember[]) => readonly GoneMember[],
): Observation {
  const { silence } = observation;
  if (!silence.known || silence.value.gone === undefined) return observation;
  const { gone, ...value } = silence.value;
  return { ...observation, silence: { known: true, value: { ...value, gone: change(gone) } } };
}

/** Records whose floor is no higher than what somebody is known to have promised. */
function lowered(found: StoredObject | undefined): StoredObject | undefined {
  if (!found || !/^lineage\/\d+\.json$/.test(found.key)) return found;
  const body = found.body.replace(/"epochFloor":(\d+)/, (_, floor) => `"epochFloor":${Number(floor) % 0x1_0000}`);
  return { ...found, body };
}

function withDeadClaimants(observation: Observation): Observation {
  const { shared, ensemble, lives } = observation;
  if (!shared.known || !ensemble) return observation;
  const strangers = ensemble.config.members.filter((member) => isUnclaimed(observation, member));
  const claims = strangers.map(({ id, address }) => ({
    id,
    generation: 1,
    owner: { instance: `i-none-${id}`, address },
    ageMs: 0,
  }));
  return {
    ...observation,
    shared: { known: true, value: { ...shared.value, claims: [...shared.value.claims, ...claims] } },
    lives: { ...lives, ...Object.fromEntries(claims.map(({ owner }) => [owner.instance, 'gone' as const])) },
  };
}

/** Whatever is decided, nobody is told to do this. */
function neverAdvising(left: Action): NonNullable<Mutation['parts']> {
  return advising((advice) => advice.filter(({ action }) => action !== left));
}

function advising(change: (advice: readonly Advice[]) => readonly Advice[]): NonNullable<Mutation['parts']> {
  return (parts) => ({
    ...parts,
    decide: (observation) => {
      const decision = parts.decide(observation);
      const { advice } = decision as { readonly advice?: readonly Advice[] };
      return advice ? ({ ...decision, advice: change(advice) } as Decision) : decision;
    },
  });
}
