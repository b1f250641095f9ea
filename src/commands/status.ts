// SPDX-License-Identifier: Apache-2.0
/** What the node sees, what it would do and why, and which data it has set aside. Changes nothing. */
import { uptime } from 'node:os';
import { foundByHand } from '../facts/by-hand.ts';
import { ownState } from '../facts/lifecycle.ts';
import { standingFacts } from '../facts/standing.ts';
import { unreadableObjects } from '../facts/unreadable-objects.ts';
import { sightOf } from '../loop.ts';
import { adviceSentence, adviceText } from '../model/advice.ts';
import type { Observation } from '../model/observation.ts';
import { adviceOf, type Decision } from '../model/step.ts';
import type { Settings } from '../settings.ts';
import { checkHealth } from '../tick/healthy-tick.ts';
import { type Aside, asideWithSize, type HalfMade, leftoversWithSize } from './disk-use.ts';
import { nodePorts } from './node-ports.ts';
import { lookOnce, lookUntilSure } from './one-look.ts';
import { missedUpdates } from './package-lists.ts';

export interface Status {
  /** This node's own state in its group; undefined if it cannot be read. */
  readonly lifecycleState: string | undefined;
  /** Instances of the group that a lifecycle hook holds now. */
  readonly inHooks: readonly { readonly instance: string; readonly lifecycleState: string }[];
  /** The agent has not yet told the stack that this node votes. */
  readonly signalDue: boolean;
  readonly saw: string;
  readonly decided: string;
  readonly why: string;
  /** What a person may do, in words. `decision.advice` has the same as data. */
  readonly next: string;
  /** What the node and its server say without AWS, when they find that all is well; undefined otherwise. */
  readonly healthy?: string;
  /** What a person has to know although all is well: maintenance, suspended processes, hooks, data set aside. */
  readonly standing: readonly string[];
  readonly suspendedProcesses: readonly string[];
  /** Members without a claim, and lines of the config that the agent cannot read; one sentence each. */
  readonly byHand: readonly string[];
  readonly aside: readonly Aside[];
  /** While a run is at work, this includes its unfinished copies. */
  readonly leftovers: readonly HalfMade[];
  /** Why Debian's security updates do not reach this node. Absent where they do. */
  readonly updates?: string;
  readonly observation: Observation;
  readonly decision: Decision;
}

export async function readStatus(settings: Settings, signal: AbortSignal): Promise<Status> {
  const ports = await nodePorts(settings, { write: () => {} });
  const { observation, decision } = await lookUntilSure(() => lookOnce(ports, settings, signal), ports.clock, signal);
  // The files of a node that is no member yet can't be read. Then it says nothing about its health.
  const health = await checkHealth(settings).catch(() => undefined);
  const aside = await Promise.all(
    observation.disk.aside.map((facts) => asideWithSize(settings.dataDir, facts, observation)),
  );
  const updates = await missedUpdates(Date.now(), uptime() * 1_000);
  return {
    saw: sightOf(observation),
    decided: decision.kind === 'step' ? decision.step.kind : decision.kind,
    why: decision.why,
    next: adviceText(adviceOf(decision)),
    lifecycleState: ownState(observation),
    inHooks: observation.group.known
      ? observation.group.value.instances.filter(({ lifecycleState }) => lifecycleState.endsWith(':Wait'))
      : [],
    signalDue: observation.stack?.signals === true && !observation.disk.signalled,
    ...(health?.healthy === true ? { healthy: health.why } : {}),
    standing: standingFacts(observation),
    suspendedProcesses: observation.group.known ? observation.group.value.suspended : [],
    byHand: foundByHand(observation),
    aside,
    leftovers: await leftoversWithSize(settings),
    ...(updates === undefined ? {} : { updates }),
    observation,
    decision,
  };
}

export function formatStatus(status: Status): string {
  const { observation } = status;
  const lines = [
    `cluster   ${observation.self.cluster}`,
    `node      ${observation.self.instance} at ${observation.self.address}`,
    `sees      ${status.saw}`,
    `would do  ${status.decided}`,
    `because   ${status.why}`,
  ];
  if (status.healthy !== undefined) lines.push(`healthy   ${[status.healthy, ...status.standing].join(' ')}`);
  else for (const fact of status.standing) lines.push(`stands    ${fact}`);
  for (const advice of adviceOf(status.decision)) lines.push(`do        ${adviceSentence(advice)}`);
  if (observation.ensemble) {
    for (const member of observation.ensemble.config.members) {
      const leads = member.id === observation.ensemble.leader.id ? ', leads' : '';
      const serves = observation.ensemble.servingIds.includes(member.id) ? 'serves' : 'does not answer';
      lines.push(`member    ${member.id} at ${member.address}: ${member.role}, ${serves}${leads}`);
    }
  }
  for (const found of status.byHand) lines.push(`by hand   ${found}`);
  if (status.lifecycleState !== undefined) lines.push(`state     ${status.lifecycleState} in its group`);
  if (status.signalDue) lines.push('signal    the stack has not been told yet that this node votes');
  for (const { file, why } of observation.disk.unreadable ?? []) lines.push(`unreadable ${file}: ${why}`);
  for (const { key, why } of unreadableObjects(observation)) lines.push(`unreadable ${key}: ${why}`);
  const space = spaceOf(observation);
  if (space) lines.push(`disk      ${space}`);
  if (status.updates !== undefined) lines.push(`updates   ${status.updates}`);
  for (const aside of status.aside) {
    const mebibytes = (aside.sizeBytes / 2 ** 20).toFixed(1);
    lines.push(`aside     ${aside.name}: ${mebibytes} MiB of lineage ${aside.lineage}, up to ${aside.data.lastZxid}`);
    lines.push(`          ${aside.remove ? adviceSentence(aside.remove) : 'kept: not every voter serves'}`);
  }
  for (const { path, sizeBytes } of status.leftovers) {
    const mebibytes = (sizeBytes / 2 ** 20).toFixed(1);
    lines.push(
      `half      ${path}: ${mebibytes} MiB, under way or left by a killed run; the next change removes what is left`,
    );
  }
  return lines.join('\n');
}

function spaceOf({ disk: { freeShare, diskBytes } }: Observation): string | undefined {
  if (freeShare === undefined || diskBytes === undefined) return undefined;
  const gibibytes = (bytes: number): string => (bytes / 2 ** 30).toFixed(1);
  const share = Math.floor(freeShare * 100);
  return `${gibibytes(freeShare * diskBytes)} of ${gibibytes(diskBytes)} GiB free (${share} %)`;
}
