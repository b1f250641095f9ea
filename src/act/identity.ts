// SPDX-License-Identifier: Apache-2.0
/** Steps that give a node its id. */

import { AgentError } from '../errors.ts';
import { holderOf } from '../model/claims.ts';
import type { ClaimOwner } from '../model/records.ts';
import type { Step } from '../model/step.ts';
import { claimId, claimsByKey, releaseId, restoreStream, voidClaim } from '../registry/claims.ts';
import { noteDead } from '../registry/dead.ts';
import { type ActContext, changed } from './context.ts';
import { keepStill } from './still.ts';

type Of<K extends Step['kind']> = Extract<Step, { kind: K }>;

/** First the claim, then the id on the disk. After a crash between the two, the next run does `write-id`. */
export async function actClaimId(step: Of<'claim-id'>, context: ActContext): Promise<void> {
  const { ports, self, signal } = context;
  const owner: ClaimOwner =
    step.slot === undefined
      ? { instance: self.instance, address: self.address }
      : { instance: self.instance, address: step.slot, slot: true };
  const outcome = await claimId(ports, step.id, step.generation, owner, signal);
  if (outcome === 'taken') throw changed(`Another node was first to claim ${step.id}.${step.generation}.`);
  // A running server has read its old id already, and would go on under it.
  if ((await ports.server.state(signal)).kind === 'running') return;
  await ports.server.stop(signal);
  await ports.disk.writeId(step.id);
}

/**
 * Slots 4: the claim comes first, and is asked for by its key. What is attached proves nothing. So the address is never
 * taken from another instance: EC2 frees it while the server of an instance that shuts down still runs.
 */
export async function actAttachSlot({ slot }: Of<'attach-slot'>, { ports, self, signal }: ActContext): Promise<void> {
  const holder = holderOf(await claimsByKey(ports, slot.id, signal), slot.id);
  if (holder?.instance !== self.instance) throw changed(`Slot ${slot.id} is not this node's by its newest claim.`);
  if ((await ports.slots?.attach(slot, self.instance, signal)) !== 'attached') {
    throw changed(`Another instance still has the address ${slot.address} of slot ${slot.id}.`);
  }
}

/** Slots 7: never the slot by whose id this node goes. */
export async function actReleaseId(step: Of<'release-id'>, { ports, signal }: ActContext): Promise<void> {
  if ((await ports.disk.read(signal)).id === step.id) throw changed(`This node goes by id ${step.id} now.`);
  await releaseId(ports, step.id, step.generation, signal);
}

export async function actVoidClaim(step: Of<'void-claim'>, { ports, signal }: ActContext): Promise<void> {
  await voidClaim(ports, step.id, step.generation, signal);
}

/** Nothing depends on the stream of a claim that has its owner. A node that can't make it anew goes on without it. */
export async function actRestoreStream(step: Of<'restore-stream'>, { ports, signal }: ActContext): Promise<void> {
  try {
    await restoreStream(ports, step.id, step.generation, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof AgentError)) throw error;
    ports.log.write({
      event: 'no-stream',
      saw: `The log stream ${step.id}.${step.generation} could not be made anew: ${error.message}`,
    });
  }
}

export async function actWriteId(step: Of<'write-id'>, { ports, signal }: ActContext): Promise<void> {
  await keepStill({ ports, signal });
  await ports.disk.writeId(step.id);
}

export async function actNoteDead(step: Of<'note-dead'>, { ports, signal }: ActContext): Promise<void> {
  for (const instance of step.instances) await noteDead(ports.objects, instance, signal);
}

/** Tags are for people and permit nothing, so a node whose tags can't be written is ready anyway. */
export async function actMarkReady(step: Of<'mark-ready'>, { ports, self, signal }: ActContext): Promise<void> {
  const finished = new Date(ports.clock.nowMs()).toISOString();
  try {
    await ports.ec2.tag(self.instance, { zookeeper_id: String(step.id), bootstrap_finished_time: finished }, signal);
  } catch (error) {
    signal.throwIfAborted();
    ports.log.write({ event: 'untagged', saw: `The tags of ${self.instance} could not be written: ${String(error)}` });
  }
  await ports.disk.mark('ready');
}
