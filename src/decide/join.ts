// SPDX-License-Identifier: Apache-2.0
/**
 * Following and joining an ensemble that answers (docs/protocol.md, "Joining"). Pure.
 * Invariant 5: a node is added as a participant only once its own server follows and is caught up.
 */

import { isUnclaimed, whatLinesHold } from '../facts/by-hand.ts';
import { idModeOf } from '../identity/modes.ts';
import { type DiskFacts, unreadable } from '../model/disk.ts';
import { joinersVersion } from '../model/first-version.ts';
import { type EnsembleConfig, listed, type Member, strangeLines, votersOf } from '../model/member.ts';
import type { Ensemble, Observation } from '../model/observation.ts';
import type { LineageRecord } from '../model/records.ts';
import { adviceOf, advised, type Decision, done, take, wait, waitForFact } from '../model/step.ts';
import { runNewerRelease } from './advise.ts';
import { decideAside } from './aside.ts';
import { failedStart, waitsForSurroundings } from './failed-start.ts';
import { decideHooksOfTheGone, decideLaunched, decideSignal } from './launch.ts';
import { decideName } from './name.ts';
import { decideRemoval, isRemovable, type Removal, removalDue } from './remove.ts';
import { mayRun, RESTARTING, startServer } from './restart.ts';
import { whatSpares } from './spared.ts';
import { whyNotNow } from './why-not-now.ts';
import { withdrawReport } from './withdraw.ts';

/** Joining 1: an ensemble belongs to the newest record only if its epoch is above that record's floor. */
export function followable(observation: Observation, newest: LineageRecord): Ensemble | undefined {
  const { ensemble } = observation;
  return ensemble && ensemble.epoch > newest.epochFloor ? ensemble : undefined;
}

/** Whether this node votes: the committed config holds its own id and address as a participant (Joining 6). */
export function votes(observation: Observation, ensemble: Ensemble): boolean {
  return listed(ensemble.config, observation.disk.id, observation.self.address)?.role === 'participant';
}

/** Decides for a node that votes in an ensemble of the newest record, and whose own server serves. */
export function decideSettled(observation: Observation, ensemble: Ensemble): Decision {
  const { disk, order } = observation;
  if (disk.reported) {
    return withdrawReport(
      observation,
      'This node votes again, and its report of the time without quorum may still lie in the bucket.',
    );
  }
  const name = decideName(observation, ensemble);
  if (name?.kind === 'step') return name;
  // Names 5: what is not known of a name holds the launch and the signal, and no healing.
  if (!disk.ready && disk.id !== undefined && !name) {
    const launched = order.command === 'remove-terminated' ? undefined : decideLaunched(observation, disk.id);
    return (
      launched ??
      take({ kind: 'mark-ready', id: disk.id }, `This node votes as member ${disk.id}: its first start is over.`)
    );
  }
  // A change is conditional on the config version, so several removing nodes would disturb each other (Joining 5).
  const removes = isUnclaimed(observation, ensemble.leader) || ensemble.leader.address === observation.self.address;
  const removal = removes || order.command === 'remove-terminated' ? decideRemoval(observation, ensemble) : undefined;
  if (removal && (removal.kind === 'step' || order.command === 'remove-terminated')) return removal;
  const hooks = decideHooksOfTheGone(observation, ensemble);
  if (hooks) return hooks;
  // Without its word on this config, the next tick looks again, also at the name.
  if (name) return disk.ready ? advised(done(name.why), removal ? adviceOf(removal) : []) : name;
  const signal = disk.id === undefined ? undefined : decideSignal(observation, ensemble, disk.id);
  const vouched = order.command === 'remove-terminated' ? undefined : decideVouching(observation, ensemble);
  if (!signal && vouched) return vouched;
  const settled = done(`This node votes as member ${disk.id}; ${removal ? removal.why : 'nothing is left to do.'}`);
  const told = signal && order.command !== 'remove-terminated' ? signal : settled;
  return advised(told, removal ? adviceOf(removal) : []);
}

/**
 * The tick: an election may make any voter the leader. If that voter is one that nobody claimed, no agent beside it
 * looks after the rest.
 */
function decideVouching(observation: Observation, { config }: Ensemble): Decision | undefined {
  const { version, members } = config;
  if (observation.disk.vouched === version || strangeLines(config).length > 0) return undefined;
  if (votersOf(config).some((voter) => isUnclaimed(observation, voter))) return undefined;
  return take(
    { kind: 'vouch-config', version, members: members.length },
    'Every voter of this config is a node of this cluster.',
  );
}

/**
 * Files 3: data without its stamp is recognised by two facts. Only a leader of the newest record can have given it its
 * epoch. Two configs list this node: the one beside the data, and the committed one.
 */
function isVouchedFor({ disk, self }: Observation, newest: LineageRecord, ensemble: Ensemble): boolean {
  const { data, id, config } = disk;
  if (data === undefined || data.damage !== undefined || data.currentEpoch <= newest.epochFloor) return false;
  return [config, ensemble.config].every((each) => listed(each, id, self.address) !== undefined);
}

/**
 * Files 3: a stamp of a newer release may hold more than this agent can know, so the agent does nothing with the data.
 */
function ofNewerRelease({ disk, self }: Observation): Decision | undefined {
  const stamp = unreadable(disk, 'stamp');
  if (!stamp?.newer) return undefined;
  return wait(
    `${stamp.file} can't be understood (${stamp.why}). So this node neither starts nor stops a server with its data, and does not set the data aside.`,
    undefined,
    [runNewerRelease(self.instance, stamp)],
  );
}

/** Why the node can't use its data here. Such data is renamed aside (Joining 2). */
function unusableData(observation: Observation, newest: LineageRecord, ensemble: Ensemble): string | undefined {
  const { disk } = observation;
  const stamp = unreadable(disk, 'stamp');
  if (disk.data && stamp && !isVouchedFor(observation, newest, ensemble)) {
    return `${stamp.file} can't be understood (${stamp.why}). Nothing else says that the data on this disk is of record ${newest.number}.`;
  }
  if (disk.data && disk.stamp && disk.stamp.lineage < newest.number) {
    return `The data on this disk is of lineage ${disk.stamp.lineage}, and the ensemble's is ${newest.number}.`;
  }
  return disk.data?.damage && `The data on this disk is damaged (${disk.data.damage}), and the ensemble has all of it.`;
}

/** Decides for a node that does not vote yet, beside an ensemble of the newest record that answers. */
export function decideFollow(observation: Observation, newest: LineageRecord, ensemble: Ensemble): Decision {
  const { disk, server, self } = observation;
  const held = whyNotNow(observation);
  if (held && !votes(observation, ensemble)) return waitForFact(`This node does not join yet: ${held.why}.`, held.fact);
  const id = disk.id;
  if (id === undefined) return wait('This node has no id yet.');
  const newer = ofNewerRelease(observation);
  if (newer) return newer;
  const unusable = unusableData(observation, newest, ensemble);
  if (unusable) {
    if (mayRun(server)) return take({ kind: 'stop-server' }, `${unusable} Its server must not run with it.`);
    return decideAside(observation, `lineage-${disk.stamp?.lineage ?? 0}-before-${newest.number}`, unusable);
  }
  // The fence is lifted after the old data was set aside. Otherwise a restart without an answer from AWS would start
  // the server on it.
  if (disk.fence) {
    return take(
      { kind: 'lift-fence', record: newest.number },
      'An ensemble of the newest record answers, so this node may follow it.',
    );
  }
  const own = listed(ensemble.config, id, self.address);
  if (server.upMs === undefined && failedStart(observation)?.by === 'config') {
    // Server 5: the server refuses its config, so beside an ensemble it gets a fresh one.
    return prepareJoin(
      observation,
      newest,
      ensemble.config,
      own,
      `${failedStart(observation)?.why}. It is given a fresh config.`,
    );
  }
  const hindered = waitsForSurroundings(observation);
  if (hindered) return hindered;
  if (server.restarting && canStartFrom(disk, self.address, newest, ensemble.config)) return wait(RESTARTING);
  if (server.upMs === undefined) return prepareOrStart(observation, newest, ensemble.config, own);
  if (observation.server.answer.kind !== 'serving') {
    const spared = whatSpares(observation, ensemble);
    if (spared) return wait(spared.why, spared.digest);
    return prepareJoin(
      observation,
      newest,
      ensemble.config,
      own,
      'The server of this node runs but finds no leader; it is given a fresh config.',
    );
  }
  if (own?.role === 'participant') return wait('The server of this node is catching up.');
  return addSelf(observation, ensemble, id);
}

/**
 * Starts the server from the config that it wrote last, if that still fits the ensemble. Otherwise the node gets a
 * fresh config (Joining 3).
 */
function prepareOrStart(
  observation: Observation,
  newest: LineageRecord,
  config: EnsembleConfig,
  own: Member | undefined,
): Decision {
  const { disk, self } = observation;
  if (canStartFrom(disk, self.address, newest, config)) {
    return startServer(disk, 'The config on this disk holds this node, so its server starts from it.');
  }
  return prepareJoin(
    observation,
    newest,
    config,
    own,
    'An ensemble of the newest record answers; this node joins it with a fresh config.',
  );
}

/** A joiner that crashed finds the file that its agent wrote, or its own listing. Any other file ends the server. */
function canStartFrom(disk: DiskFacts, address: string, newest: LineageRecord, config: EnsembleConfig): boolean {
  const onDisk = listed(disk.config, disk.id, address);
  if (disk.stamp?.lineage !== newest.number || onDisk === undefined || !fits(disk, config)) return false;
  return listed(config, disk.id, address) !== undefined || onDisk.role === 'observer';
}

/** Whether the files are what the server wrote, as far as the committed config shows (Files 3). */
function fits(disk: DiskFacts, config: EnsembleConfig): boolean {
  const onDisk = disk.config;
  if (onDisk === undefined || unreadable(disk, 'pending')) return false;
  // A strange line on this disk alone means that the file was damaged, and the server may refuse it.
  if (strangeLines(onDisk).length > 0 && strangeLines(config).length === 0) return false;
  return onDisk.version !== config.version || onDisk.members.length === config.members.length;
}

/**
 * Joining 3: the current members and this node, as an observer unless the config already gives it another role.
 * Joining 12: the version is right below that of the committed config.
 */
function prepareJoin(
  observation: Observation,
  newest: LineageRecord,
  { version, ...config }: EnsembleConfig,
  own: Member | undefined,
  why: string,
): Decision {
  return prepareFrom(observation, newest, { ...config, version: joinersVersion(version) }, own, why);
}

/** The config is what goes to the disk, with this node in it. */
export function prepareFrom(
  observation: Observation,
  newest: LineageRecord,
  config: EnsembleConfig,
  own: Member | undefined,
  why: string,
): Decision {
  const { disk, self } = observation;
  const id = disk.id;
  if (id === undefined) return wait('This node has no id yet.');
  const lines = whatLinesHold(config);
  // Without these lines the config would not be the ensemble's.
  if (lines) return wait(`This node gets no fresh config: ${lines}.`);
  const others = config.members.filter((member) => member.id !== id && member.address !== self.address);
  const members = [...others, own ?? idModeOf(observation).memberAt(id, self.address, 'observer')].sort(
    (a, b) => a.id - b.id,
  );
  return take({ kind: 'prepare-join', version: config.version, members, id, lineage: newest.number }, why);
}

/**
 * Joining 4 and 5: once its own server says that it is synced, the node adds itself. The same change removes the dead.
 */
function addSelf(observation: Observation, ensemble: Ensemble, id: number): Decision {
  const { answer } = observation.server;
  if (answer.kind !== 'serving' || answer.zxid < ensemble.zxid) {
    return wait(`The server of this node is still behind the leader's ${ensemble.zxid}.`);
  }
  const stranger = ensemble.config.members.find(
    (member) => member.id !== id && member.address === observation.self.address,
  );
  const lines = whatLinesHold(ensemble.config);
  if (lines) return wait(`The server of this node has caught up, and it is not added: ${lines}.`);
  const member = idModeOf(observation).memberAt(id, observation.self.address, 'participant');
  const removal = removalDue(observation, ensemble, [member]);
  const leaving = removal?.ids ?? [];
  if (stranger && !leaving.includes(stranger.id)) return waitForAddress(observation, stranger, removal);
  return take(
    {
      kind: 'add-self',
      member,
      leaving,
      dead: removal?.dead ?? [],
      fromVersion: ensemble.config.version,
    },
    `The server of this node has caught up (${answer.zxid}), so it is added as member ${id}.${removal ? ` ${removal.why}` : ''}`,
  );
}

function waitForAddress(observation: Observation, stranger: Member, removal: Removal | undefined): Decision {
  const stands = `The address of this node still stands under id ${stranger.id} in the config`;
  if (removal && isRemovable(observation, stranger)) {
    return waitForFact(`${stands}. ${removal.why}`, removal.fact, removal.advice);
  }
  const byHand = isUnclaimed(observation, stranger)
    ? ` No node of this cluster ever claimed it: whoever added member ${stranger.id} by hand has to remove it.`
    : '';
  return wait(`${stands}, and that member is not known to be gone.${byHand}`);
}
