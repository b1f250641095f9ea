// SPDX-License-Identifier: Apache-2.0
/** Steps of joining, and of changing who is a member. */
import { AgentError } from '../errors.ts';
import { RESTART_SERVER } from '../model/advice.ts';
import { instancesBehind, ownerKey, unreadableOf } from '../model/claims.ts';
import { nonceOn } from '../model/disk.ts';
import { type EnsembleConfig, type Member, quorumOf, strangeLines, votersOf } from '../model/member.ts';
import type { LineageRecord } from '../model/records.ts';
import type { Step } from '../model/step.ts';
import { ZXID_ZERO, type Zxid } from '../model/zxid.ts';
import type { Session } from '../ports.ts';
import { claimsByKey } from '../registry/claims.ts';
import { announceStart, readRecords } from '../registry/lineage.ts';
import { stands } from '../registry/reports.ts';
import { type ActContext, changed, ownServer } from './context.ts';
import { withdraw } from './reports.ts';
import { keepStill } from './still.ts';

type Of<K extends Step['kind']> = Extract<Step, { kind: K }>;

/** Joining 3: writes `zoo.cfg` and the dynamic file anew, with the server stopped. */
export async function actPrepareJoin(step: Of<'prepare-join'>, context: ActContext): Promise<void> {
  const { ports, self, signal } = context;
  const disk = await ports.disk.read(signal);
  const [records, leftOver] = await Promise.all([
    readRecords(ports.objects, signal),
    // A node that lost its disk does not know of its report, which still says that it is fenced (Recovery 2).
    disk.stamp === undefined && !disk.reported ? stands(ports.objects, self.instance, signal) : false,
  ]);
  const newest = records.at(-1);
  if (newest?.number !== step.lineage) throw changed('A newer lineage record was written meanwhile.');
  // A server that is merely slow may have found the leader since the look.
  if ((await ports.servers.srvr(ownServer(self), signal)).kind === 'serving') {
    throw changed('The server of this node serves now.');
  }
  const ran = (await ports.server.state(signal)).kind === 'running';
  // Noted before the stop: if the agent died between the two, a stop without a note would not count, and the server
  // would be stopped too often.
  if (ran) await ports.disk.note('fresh-config', ports.clock.nowMs());
  await ports.server.stop(signal);
  if (leftOver) await withdraw(step.lineage, context);
  await announceAsListed(newest, context);
  await ports.disk.writeStamp({ cluster: self.cluster, lineage: step.lineage, id: step.id });
  // Joining 12: a note of another config that had this version: by the note this file would count as one that was cut
  // off.
  if (disk.vouched === step.version) await ports.disk.vouch(ZXID_ZERO, 0);
  await ports.disk.writeConfig({ version: step.version, members: step.members });
}

/**
 * A member of a genesis record that was late also announces its start when it joins. Its disk may be wiped after it has
 * acknowledged writes. Without the announcement, its next start would then look like its first: with a marker it would
 * elect a survivor that is behind.
 */
async function announceAsListed(newest: LineageRecord, { ports, self, signal }: ActContext): Promise<void> {
  if (newest.kind !== 'genesis') return;
  const member = newest.members.find((entry) => entry.instance === self.instance);
  if (!member) return;
  const disk = await ports.disk.read(signal);
  const nonce = disk.nonce ?? nonceOn(disk, ports.nonce());
  if (disk.nonce === undefined) await ports.disk.writeNonce(nonce);
  // It does not matter whose announcement stands: a joiner gets no marker.
  await announceStart(ports.objects, { record: newest.number, id: member.id, nonce }, signal);
}

export async function actSetDataAside(step: Of<'set-data-aside'>, { ports, signal }: ActContext): Promise<void> {
  await keepStill({ ports, signal });
  await ports.disk.note('set-aside', ports.clock.nowMs());
  if (!step.copy) return ports.disk.setDataAside(step.name);
  // Disk 3: they were true of another disk, or of another instance.
  for (const mark of ['ready', 'signalled'] as const) await ports.disk.unmark(mark);
  await ports.disk.setCopyAside(step.name);
}

export async function actRemoveMembers(step: Of<'remove-members'>, context: ActContext): Promise<void> {
  await reconfigure(context, step.fromVersion, { leaving: step.ids }, (config) =>
    checkStillDead(config, step.ids, step.dead, context),
  );
}

export async function actAddSelf(step: Of<'add-self'>, context: ActContext): Promise<void> {
  await reconfigure(context, step.fromVersion, { joining: [step.member], leaving: step.leaving }, (config) =>
    checkStillDead(config, step.leaving, step.dead, context),
  );
}

/**
 * Joining 5: the claims on these ids are read by their keys, up to the first key that does not exist. A list that lags
 * shows the dead owner of an id and not the living one, which may have the same address.
 */
async function checkStillDead(
  config: EnsembleConfig,
  ids: readonly number[],
  dead: readonly string[],
  { ports, signal }: ActContext,
): Promise<void> {
  const leaving = config.members.filter((member) => ids.includes(member.id));
  const claims = await Promise.all(leaving.map((member) => claimsByKey(ports, member.id, signal)));
  for (const [index, member] of leaving.entries()) {
    const its = claims[index] ?? [];
    const unread = unreadableOf(its, member.id);
    if (unread) throw changed(`Whose member ${member.id} is can't be known: ${ownerKey(unread)} can't be read.`);
    const living = instancesBehind(its, member).find((instance) => !dead.includes(instance));
    if (living) throw changed(`Member ${member.id} at ${member.address} is ${living} by a claim that no list showed.`);
  }
}

/**
 * Leaving 1: the node removes itself through its own server. If the answer is lost with the connection, the next look
 * shows the result. The other voters are asked once more (Leaving 2), because the look may be some seconds old.
 */
export async function actRemoveSelf(step: Of<'remove-self'>, context: ActContext): Promise<void> {
  const { ports, signal } = context;
  await reconfigure(context, step.fromVersion, { leaving: [step.id] }, async (config) => {
    const rest = votersOf(config).filter((member) => member.id !== step.id);
    const counted = rest.filter((member) => !step.uncounted?.includes(member.id));
    const answers = await Promise.all(counted.map((member) => ports.servers.srvr(member.address, signal)));
    const serving = answers.filter((answer) => answer.kind === 'serving').length;
    if (serving < quorumOf(rest.length)) throw changed(`Only ${serving} of the other ${rest.length} voters serve now.`);
  });
}

/**
 * One reconfiguration, through the node's own server, because only that server knows the node's secret. It is
 * conditional on the config version that the decision was made on (Joining 5).
 */
async function reconfigure(
  { ports, self, timings, signal }: ActContext,
  fromVersion: Zxid,
  change: { readonly joining?: readonly Member[]; readonly leaving?: readonly number[] },
  recheck: (config: EnsembleConfig) => Promise<void> = async () => undefined,
): Promise<void> {
  const session = await ports.servers.open(ownServer(self), { secret: true }, signal);
  try {
    const config = await session.config(signal);
    if (config.version !== fromVersion) throw changed(`The config moved from ${fromVersion} to ${config.version}.`);
    // Joining 11. A server also refuses such a change where votes have weights, but not where a line can't be read.
    const [line] = strangeLines(config);
    if (line !== undefined) throw changed(`The config has a line that can't be understood: "${line}".`);
    checkStillNeeded(config, change);
    await recheck(config);
    await answerTo(session, { ...change, fromVersion }, { ports, timings, signal });
  } finally {
    await session.close();
  }
}

function checkStillNeeded(
  config: EnsembleConfig,
  change: { readonly joining?: readonly Member[]; readonly leaving?: readonly number[] },
): void {
  const ids = new Set(config.members.map((member) => member.id));
  if (change.leaving?.length && !change.leaving.some((id) => ids.has(id))) {
    throw changed('They left the config meanwhile.');
  }
}

async function answerTo(
  session: Session,
  change: Parameters<Session['reconfig']>[0],
  { ports, timings, signal }: Pick<ActContext, 'ports' | 'timings' | 'signal'>,
): Promise<void> {
  const answer = await session.reconfig(change, signal);
  switch (answer) {
    case 'ok':
      return;
    case 'maybe-applied':
      // The change may still commit, even under the next leader. The next look opens a session, which is the later
      // write that makes reading the config conclusive.
      throw changed('The answer to the reconfiguration was lost; it may have been applied.');
    case 'stale-version':
      throw changed('Another reconfiguration committed first.');
    case 'in-progress':
    case 'no-quorum':
      await ports.clock.sleep(timings.reconfigRetryMs, signal);
      throw changed(
        answer === 'in-progress'
          ? 'Another reconfiguration is under way.'
          : 'The new config would have no quorum that follows yet.',
      );
    case 'not-authorized':
      throw new AgentError('NOT_AUTHORIZED', "The node's own server refused its own super secret.", RESTART_SERVER);
  }
}
