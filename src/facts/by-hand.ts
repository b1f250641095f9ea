// SPDX-License-Identifier: Apache-2.0
/**
 * What a person put into the config by hand: members that nobody claimed, and lines that can't be understood
 * (docs/protocol.md, "Claims 7" and "Joining 11"). Pure. Both are tolerated. Such a member is unknown: it counts as a
 * voter, and never as one that serves, is gone or can't vote. Such a line stops changes, never service.
 */
import { instancesBehind } from '../model/claims.ts';
import { type EnsembleConfig, idOfLine, type Member, strangeLines } from '../model/member.ts';
import type { Ensemble, Observation } from '../model/observation.ts';

/**
 * Whether no node ever claimed this id at this address. False while a claim on the id is unreadable or has no owner.
 */
export function isUnclaimed({ shared }: Pick<Observation, 'shared'>, member: Pick<Member, 'id' | 'address'>): boolean {
  if (!shared.known || instancesBehind(shared.value.claims, member).length > 0) return false;
  return shared.value.claims.every(
    ({ id, owner }) => id !== member.id || typeof owner === 'object' || owner === 'void' || owner === 'released',
  );
}

/** Whether this member surely serves: its server says so, and the server is of a node of this cluster. */
export function countsAsServing(observation: Observation, ensemble: Ensemble, member: Member): boolean {
  return ensemble.servingIds.includes(member.id) && !isUnclaimed(observation, member);
}

/** The beginning of a sentence, while a line of the config can't be understood. Undefined when all lines can. */
export function whatLinesHold(config: EnsembleConfig | undefined): string | undefined {
  const lines = strangeLines(config);
  if (lines.length === 0) return undefined;
  const named = lines.map((line) => `"${line}"`).join(', ');
  return `the config has ${lines.length > 1 ? 'lines' : 'a line'} that the agent does not understand (${named}), so it counts no votes, and adds and removes nobody`;
}

/** Recovery 3: no agent fences such a server, and it would give the old config back to the recovered ensemble. */
export function whatRunsByHand(members: readonly Member[]): string | undefined {
  if (members.length === 0) return undefined;
  const names = members.map((member) => `${member.id} at ${member.address}`).join(', ');
  return `the servers of the members ${names}, which somebody added by hand, still run and would bring the old config back`;
}

/** Claims 3: whether the config may give this id to a member, even in a line that can't be understood. */
export function mayHoldId(config: EnsembleConfig, id: number): boolean {
  return (
    config.members.some((member) => member.id === id) || strangeLines(config).some((line) => idOfLine(line) === id)
  );
}

/** For people: everything that the agent has found to be added by hand, a sentence each. */
export function foundByHand(observation: Observation): readonly string[] {
  const { ensemble, disk } = observation;
  const config = ensemble?.config ?? disk.config;
  if (!config) return saidGone(observation);
  const members = config.members
    .filter((member) => isUnclaimed(observation, member))
    .map(
      (member) =>
        `Member ${member.id} at ${member.address} (${member.role}) is in the config, and no node of this cluster ever claimed it: somebody added it by hand. It is left alone: the agent never removes it, and counts on nothing from it.`,
    );
  const held = whatLinesHold(config);
  const pending = config === disk.pending ? undefined : whatLinesHold(disk.pending);
  return [
    ...members,
    ...saidGone(observation),
    ...[...new Set([held, pending])].flatMap((sentence) => (sentence ? [sentenceOf(sentence)] : [])),
  ];
}

/** Recovery 11. A word is told while it may count. */
function saidGone({ silence }: Observation): readonly string[] {
  const gone = silence.known ? (silence.value.gone ?? []) : [];
  const names = gone.map(({ id, address }) => `member ${id} at ${address}`);
  return [...new Set(names)].map((name) => `A person has declared ${name} gone for good.`);
}

function sentenceOf(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
