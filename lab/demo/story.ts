// SPDX-License-Identifier: Apache-2.0
/** The demo's story, step by step. At the end of each step, a check asks the servers themselves. */
import { votersOf } from '../../src/model/member.ts';
import type { LabStatus, NodeView } from '../daemon/lab-status.ts';
import { nodesMeant } from '../daemon/targets.ts';
import type { Verb, Verbs } from '../daemon/verbs.ts';
import { numbersAt } from './reader.ts';
import type { Writer } from './writer.ts';

export interface Stage {
  readonly writer: Writer;
  call<V extends Verb>(verb: V, args: Verbs[V][0]): Promise<Verbs[V][1]>;
  /**
   * Polls until the condition holds for a fresh status. After (a multiple of) the limit it rejects, and names what it
   * waited for.
   */
  until(what: string, limitMs: number, holds: (status: LabStatus) => boolean): Promise<LabStatus>;
}

export interface StoryStep {
  readonly name: string;
  /** Resolves with the result in words for people. Throws when the step failed. */
  run(stage: Stage, memory: StoryMemory): Promise<string>;
}

/** Results of earlier steps that later steps need. */
export interface StoryMemory {
  firstCluster?: string;
  survivor?: Survivor;
}

interface Survivor {
  readonly instance: string;
  readonly id: number;
  /** The writes that the survivor had, read from it just before the others were terminated. */
  readonly had: readonly number[];
  /** The last write that was acknowledged before the others were terminated. */
  readonly lastBefore: number;
}

const FORM_LIMIT_MS = 90_000;
const CHANGE_LIMIT_MS = 90_000;
const UPDATE_LIMIT_MS = 180_000;
const WRITES_AFTER = 20;

export const STORY: readonly StoryStep[] = [
  { name: 'three nodes form one ensemble', run: form },
  { name: 'the leader is terminated and replaced', run: replaceLeader },
  { name: 'scaled to five', run: (stage) => scale(stage, 5) },
  { name: 'scaled back to three', run: (stage) => scale(stage, 3) },
  { name: 'a rolling update replaces every node', run: update },
  { name: 'a majority is terminated, the survivor recovers', run: loseMajority },
  { name: 'every acknowledged write of the survivor is there', run: checkWrites },
  { name: 'all members agree', run: checkAgreement },
  { name: 'nothing was formed twice', run: checkLineage },
];

/**
 * The same story with an image that is baked first. Its machines boot, and cron runs the agent on them once a minute.
 */
export const IMAGE_STORY: readonly StoryStep[] = [{ name: 'the image is baked and deployed', run: bake }, ...STORY];
export const IMAGE_PATIENCE = 5;

function check(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

function idsOf(status: LabStatus): string {
  return status.config === undefined
    ? 'none'
    : votersOf(status.config)
        .map((voter) => voter.id)
        .join(', ');
}

function leaderIn(status: LabStatus): NodeView | undefined {
  return status.nodes.find((node) => node.role === 'leader');
}

function leaderOf(status: LabStatus): string {
  const leader = leaderIn(status);
  return leader === undefined ? 'nobody' : `id ${leader.id}`;
}

/** The writer's next acknowledgements prove that the ensemble accepts writes again, whatever the servers report. */
async function untilItWrites(stage: Stage): Promise<void> {
  const target = stage.writer.figures().acknowledged + WRITES_AFTER;
  await stage.until(`${WRITES_AFTER} further writes`, CHANGE_LIMIT_MS, () => {
    stage.writer.check();
    return stage.writer.figures().acknowledged >= target;
  });
}

function gap(stage: Stage): string {
  return `longest gap ${(stage.writer.takeLongestGapMs() / 1000).toFixed(1)} s`;
}

/** While the lab is not up yet, this request waits, and gets its answer when the lab is up. */
async function bake(stage: Stage): Promise<string> {
  const { nodes, group } = await stage.call('status', {});
  // The list also has the instance that baked the image; it is in no group.
  const image = nodes.find(({ lifecycle, image }) => lifecycle !== undefined && image !== undefined)?.image;
  return `${group.desired} instances ${image === undefined ? 'are launched' : `boot ${image}`}`;
}

async function form(stage: Stage, memory: StoryMemory): Promise<string> {
  const status = await stage.until('three voters', FORM_LIMIT_MS, (now) => now.healthy);
  memory.firstCluster = status.cluster;
  await stage.call('settled', {});
  const records = await stage.call('records', {});
  check(
    records.length === 1 && records[0]?.kind === 'genesis',
    `There are ${records.length} lineage records, not the one of the genesis.`,
  );
  stage.writer.start();
  await untilItWrites(stage);
  stage.writer.takeLongestGapMs();
  return `ids ${idsOf(status)}, ${leaderOf(status)} leads, one genesis record`;
}

async function replaceLeader(stage: Stage): Promise<string> {
  const before = await stage.until('a leader', CHANGE_LIMIT_MS, (now) => leaderIn(now) !== undefined);
  const terminated = leaderIn(before)?.instance ?? '';
  await stage.call('terminate', { target: terminated });
  const status = await stage.until('three voters without the old leader', CHANGE_LIMIT_MS, (now) => {
    return now.healthy && !now.nodes.some((node) => node.instance === terminated && node.machine !== undefined);
  });
  await untilItWrites(stage);
  return `${terminated} replaced; ids ${idsOf(status)}, ${leaderOf(status)} leads; ${gap(stage)}`;
}

async function scale(stage: Stage, nodes: number): Promise<string> {
  await stage.call('scale', { nodes });
  const status = await stage.until(`${nodes} voters`, CHANGE_LIMIT_MS, (now) => {
    return now.healthy && now.group.desired === nodes && now.config?.members.length === nodes;
  });
  await untilItWrites(stage);
  return `ids ${idsOf(status)}, ${leaderOf(status)} leads; ${gap(stage)}`;
}

/** Replaces the present nodes one by one. In every look the ensemble has all its members. */
async function update(stage: Stage): Promise<string> {
  const before = await stage.until('all to be healthy', CHANGE_LIMIT_MS, (now) => now.healthy);
  const voters = before.config === undefined ? 0 : votersOf(before.config).length;
  const old = new Set(present(before).map(({ instance }) => instance));
  let least = Number.POSITIVE_INFINITY;
  const outcome: { image?: string; failure?: unknown } = {};
  stage.call('update', {}).then(
    (image) => {
      outcome.image = image;
    },
    (failure: unknown) => {
      outcome.failure = failure;
    },
  );
  const status = await stage.until('three other voters', UPDATE_LIMIT_MS, (now) => {
    stage.writer.check();
    if (outcome.failure !== undefined) throw outcome.failure;
    if (now.config !== undefined) least = Math.min(least, votersOf(now.config).length);
    return outcome.image !== undefined && now.healthy && !present(now).some(({ instance }) => old.has(instance));
  });
  check(least >= voters, `The config had ${least} voters at a moment, and ${voters} before the update.`);
  check(
    present(status).every((node) => node.image === outcome.image),
    `Not every node runs ${outcome.image}.`,
  );
  await untilItWrites(stage);
  return `never fewer than ${least} voters; ids ${idsOf(status)}, ${leaderOf(status)} leads; ${gap(stage)}`;
}

function present(status: LabStatus): LabStatus['nodes'] {
  return status.nodes.filter((node) => node.machine !== undefined);
}

async function loseMajority(stage: Stage, memory: StoryMemory): Promise<string> {
  // All from one look: in the next one another node may lead.
  const before = await stage.until('all to be healthy', CHANGE_LIMIT_MS, (now) => now.healthy);
  const doomed = new Set(nodesMeant(before, 'majority').map(({ instance }) => instance));
  const rest = before.nodes.find((node) => node.role === 'follower' && !doomed.has(node.instance));
  if (rest?.address === undefined || rest.id === undefined) throw new Error('No follower would be left to survive.');
  const had = await numbersAt(rest.address, true);
  const lastBefore = stage.writer.acknowledged.at(-1) ?? 0;
  memory.survivor = { instance: rest.instance, id: rest.id, had, lastBefore };
  await Promise.all([...doomed].map((target) => stage.call('terminate', { target })));
  const survivor = rest.instance;
  await stage.until('the survivor to serve', CHANGE_LIMIT_MS, (now) => {
    const node = now.nodes.find((each) => each.instance === survivor);
    const lost = [...doomed].every((instance) =>
      now.nodes.every((each) => each.instance !== instance || each.machine === undefined),
    );
    return lost && node?.role === 'leader';
  });
  await untilItWrites(stage);
  const status = await stage.until('three voters again', CHANGE_LIMIT_MS, (now) => now.healthy);
  return `id ${rest.id} survived with ${had.length} writes; ids ${idsOf(status)} now; ${gap(stage)}`;
}

async function checkWrites(stage: Stage, memory: StoryMemory): Promise<string> {
  const { survivor } = memory;
  if (survivor === undefined) throw new Error('No survivor is known.');
  await stage.writer.stop();
  const status = await stage.until('a leader', CHANGE_LIMIT_MS, (now) => leaderIn(now)?.address !== undefined);
  const there = new Set(await numbersAt(leaderIn(status)?.address ?? '', true));
  const lostOfSurvivor = survivor.had.filter((number) => !there.has(number));
  check(
    lostOfSurvivor.length === 0,
    `The survivor had ${lostOfSurvivor.length} writes that are gone, the first is ${lostOfSurvivor[0]}.`,
  );
  // Writes acknowledged between that reading and the loss may never have reached the survivor. But the survivor has a
  // beginning of the history: after the first write that it missed, it can have none of the later ones.
  const acknowledged = stage.writer.acknowledged;
  const missing = acknowledged.filter((number) => !there.has(number));
  check(
    missing.every((number) => number > survivor.lastBefore),
    `Write ${missing[0]} was acknowledged long before the loss and is gone.`,
  );
  const [first] = missing;
  const last = missing.at(-1);
  if (first !== undefined && last !== undefined) {
    check(
      last - first + 1 === missing.length,
      `There are holes: of the writes ${first} to ${last}, ${missing.length} are gone.`,
    );
  }
  const note =
    missing.length === 0
      ? 'none missing'
      : `${missing.length} were acknowledged without the survivor in the moment of the loss`;
  return `${acknowledged.length} acknowledged, ${stage.writer.maybeApplied} of them after a lost answer; ${note}`;
}

async function checkAgreement(stage: Stage): Promise<string> {
  const status = await stage.until('all to be healthy', CHANGE_LIMIT_MS, (now) => now.healthy);
  const members = status.nodes.filter((node) => node.role === 'leader' || node.role === 'follower');
  const readings = await Promise.all(
    members.map(async (node) => (await numbersAt(node.address ?? '', true)).join(',')),
  );
  check(new Set(readings).size === 1, 'The members do not hold the same writes.');
  return `${members.length} members hold the same ${readings[0]?.split(',').length} writes and config ${status.config?.version.replace(/^0+(?=.)/, '')}`;
}

async function checkLineage(stage: Stage, memory: StoryMemory): Promise<string> {
  const records = await stage.call('records', {});
  const kinds = records.map((record) => record.kind);
  check(
    kinds.join() === 'genesis,forced',
    `The lineage is ${kinds.join(', ')}; it should be one genesis and one recovery.`,
  );
  const [, forced] = records;
  check(
    forced?.kind === 'forced' && forced.owner.instance === memory.survivor?.instance,
    'The recovery was not made by the survivor.',
  );
  const { cluster } = await stage.call('status', {});
  check(cluster === memory.firstCluster, `The cluster is ${cluster} now and was ${memory.firstCluster}.`);
  return 'one genesis record, one recovery by the survivor';
}
