// SPDX-License-Identifier: Apache-2.0
/**
 * What a person may do while nothing goes on by itself (docs/protocol.md, "Advice"). Pure. No advice says to terminate
 * an instance that can run, whatever it holds. A person who keeps the conditions loses only what is lost already.
 */
import { isGone } from '../facts/lives.ts';
import type { Advice } from '../model/advice.ts';
import { ownersOf } from '../model/claims.ts';
import type { DiskFacts, UnreadableFile } from '../model/disk.ts';
import { listed, strangeLines, votersOf } from '../model/member.ts';
import type { Ensemble, Observation, ObservedServer, Silence } from '../model/observation.ts';
import type { Report } from '../model/records.ts';
import { adviceOf, advised, type Decision } from '../model/step.ts';
import { declareGone, startAdded } from './advise-by-hand.ts';
import { LEAST_FREE_SHARE } from './aside.ts';
import type { Awaited, Lost } from './lost.ts';
import type { Ahead, Candidate } from './rank.ts';

/** Advice 2: this instance has to do something before this node can go on. It may hang. */
export function awaitInstance(instance: string): readonly Advice[] {
  return [
    { action: 'start-instance', instance, when: [{ is: 'not-running', instance }] },
    { action: 'look-at-log', instance, when: [] },
    {
      action: 'terminate-instance',
      instance,
      when: [{ is: 'cannot-run', instance }, { is: 'no-leader' }, { is: 'still-advised' }],
      loses: { kind: 'its-disk' },
    },
  ];
}

/** Advice 2: what these have reported stands until their agents report anew, or until they are terminated. */
export function endLost(instances: readonly string[], self: string): readonly Advice[] {
  return instances
    .filter((instance) => instance !== self)
    .flatMap(awaitInstance)
    .filter(({ action }) => action === 'terminate-instance');
}

/** Enough for a node's next tick and its wait for equal facts, several times over: three minutes in production. */
const OVERDUE_WAITS = 9;

/** Advice 2, for nodes that have reported: once no report has changed for so long that they should have acted. */
export function awaitOverdue(
  { observation, reports }: Pick<Lost, 'observation' | 'reports'>,
  instances: readonly string[],
): readonly Advice[] {
  const newestMs = Math.min(...reports.map(({ ageMs }) => ageMs));
  return newestMs < OVERDUE_WAITS * observation.limits.recoveryQuietMs ? [] : instances.flatMap(awaitInstance);
}

/**
 * Advice 2: the first ensemble needs these, which have been listed without an id for so long that they need not report.
 */
export function awaitClaims({ observation, shared, silence }: Lost): readonly Advice[] {
  const claimants = ownersOf(shared.claims);
  const idless = silence.instances.filter(
    (instance) =>
      instance !== observation.self.instance && !claimants.includes(instance) && !isGone(observation, instance),
  );
  return idless.flatMap(awaitInstance);
}

/** A node that lives writes its report anew. The key of a node that never existed stays until a person deletes it. */
export function writeAnew({ instance, key }: { readonly instance: string; readonly key: string }): readonly Advice[] {
  return [{ action: 'delete-object', path: key, when: [{ is: 'never-was', instance }, { is: 'still-advised' }] }];
}

/**
 * Advice 3: while a quorum can come back, a person starts its machines and servers, and gives none of them up. A server
 * of the person's own that can't be started is declared gone, once every report is there (`allHeard`).
 */
export function awaitQuorum(
  { instances, quorums, added, words }: Awaited,
  self: string,
  { byHand: running = [] }: Silence,
  allHeard = false,
): readonly Advice[] {
  const others = instances.filter((instance) => instance !== self);
  const starts = others.map(
    (instance): Advice => ({ action: 'start-instance', instance, when: [{ is: 'not-running', instance }] }),
  );
  const isStopped = ({ address }: { readonly address: string }): boolean =>
    running.every((member) => member.address !== address);
  // A word names the epoch that everybody knows, so everybody is heard first.
  const given = allHeard ? declareGone(words.filter(isStopped), self) : [];
  const all = [...starts, ...startAdded(added.filter(isStopped)), ...given];
  // Where the added voters make a quorum by themselves, too few of our nodes is never a reason to give one up.
  const ours = quorums.filter(({ needs }) => needs > 0);
  if (ours.length === 0) return all;
  const ends = others.map(
    (instance): Advice => ({
      action: 'terminate-instance',
      instance,
      when: [
        { is: 'cannot-run', instance },
        { is: 'too-few-can-run', quorums: ours },
        { is: 'no-leader' },
        { is: 'still-advised' },
      ],
      loses: { kind: 'its-disk' },
    }),
  );
  return [...all, ...ends];
}

/** Advice 4: nothing is wrong with the file, and only the release that wrote it knows what it means. */
export function runNewerRelease(instance: string, { file }: UnreadableFile): Advice {
  return { action: 'run-newer-release', instance, path: file, when: [] };
}

/**
 * Advice 4: newer data that is damaged, or whose record is unknown, is mended or kept under another name. Its node is
 * terminated only when its machine can't run any more.
 */
export function mendAhead({ report, file, directory = 'version-2' }: Ahead, best: Candidate): readonly Advice[] {
  const { instance } = report;
  const path = file ?? (directory === 'version-2' ? undefined : directory);
  const newer = report.unreadable?.find((each) => each.newer && each.file === file);
  return [
    newer
      ? runNewerRelease(instance, newer)
      : { action: 'mend-data', instance, ...(path === undefined ? {} : { path }), when: [] },
    {
      action: 'move-data-away',
      instance,
      path: directory,
      when: [{ is: 'nothing-else-helps' }, { is: 'no-leader' }, { is: 'still-advised' }],
      loses: { kind: 'after', zxid: best.data.lastZxid },
      next: { id: best.id, instance: best.instance },
    },
    // A machine that does not run has to be started before its data can be mended.
    { action: 'start-instance', instance, when: [{ is: 'not-running', instance }] },
    {
      action: 'terminate-instance',
      instance,
      when: [
        { is: 'cannot-run', instance },
        { is: 'nothing-else-helps' },
        { is: 'no-leader' },
        { is: 'still-advised' },
      ],
      loses: { kind: 'its-disk' },
      next: { id: best.id, instance: best.instance },
    },
  ];
}

/** Advice 5: no empty ensemble takes the place of data that could be brought back. */
export function bringDataBack(damaged: readonly Report[], self: string): readonly Advice[] {
  return [
    { action: 'find-data', when: [] },
    ...damaged.map(({ instance }): Advice => ({ action: 'mend-data', instance, when: [] })),
    {
      action: 'allow-empty-genesis',
      instance: self,
      when: [{ is: 'nothing-else-helps' }, { is: 'no-leader' }, { is: 'still-advised' }],
      loses: { kind: 'everything' },
    },
  ];
}

/** What tells whether every voter serves. */
interface Served {
  readonly ensemble: Pick<Ensemble, 'config' | 'servingIds'> | undefined;
  readonly self: Pick<Observation['self'], 'address' | 'instance'>;
  readonly disk: Pick<DiskFacts, 'id'>;
  readonly server: Pick<ObservedServer, 'answer'>;
}

/** Advice 6: data set aside may be the last good copy until every voter serves. */
export function removeAside({ ensemble, self, disk, server }: Served, path: string): Advice | undefined {
  const voters = ensemble ? votersOf(ensemble.config) : [];
  const serving = voters.length > 0 && voters.every(({ id }) => ensemble?.servingIds.includes(id));
  const own = ensemble && listed(ensemble.config, disk.id, self.address);
  if (!serving || !own || server.answer.kind !== 'serving') return undefined;
  return {
    action: 'remove-aside',
    instance: self.instance,
    path,
    when: [{ is: 'still-advised' }, { is: 'not-wanted' }],
    loses: { kind: 'that-data' },
  };
}

const SHORT = 'The disk of its data is short of space: less than a fifth of it is free.';

/**
 * Adds what else a person may do. Where a leader answers, removes all advice that is for a cluster without a leader.
 */
export function withAdvice(observation: Observation, decision: Decision): Decision {
  const { group, ensemble, disk, self } = observation;
  const isShort = disk.freeShare !== undefined && disk.freeShare < LEAST_FREE_SHARE;
  const advice: Advice[] = adviceOf(decision).filter(
    ({ when }) => !ensemble || when.every(({ is }) => is !== 'no-leader'),
  );
  if (group.known && group.value.maintenance) {
    advice.push({ action: 'lift-maintenance', when: [{ is: 'work-is-over' }] });
  }
  // Advice 7: such a line stops all changes until a person has taken it out.
  if (strangeLines(ensemble?.config).length > 0) advice.push({ action: 'correct-config', when: [] });
  if (isShort && advice.every(({ action }) => action !== 'free-space')) {
    // Advice 7: a leader ends when its disk is full.
    advice.push({ action: 'free-space', instance: self.instance, when: [] });
  }
  const told = advised(decision, advice);
  // The sentence has no number: with one it would be another sentence at every look.
  return isShort && told.kind !== 'step' ? { ...told, why: `${told.why} ${SHORT}` } : told;
}
